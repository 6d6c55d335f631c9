"""The page on which visitors of the board write a post."""


def test_x(client, acme):
    page = client.simulate_get("/b/acme/posts/new")
    assert page.status_code == 200, page.text
