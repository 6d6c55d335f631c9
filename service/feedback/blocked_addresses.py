"""From where a workspace takes nothing unread, and whom it sends no letter: e-mail addresses, domains, networks."""

from service.lib import tokens


def mailbox(email: str) -> str:
    """SQL: what is the same for all spellings of one mailbox."""
    name, domain = f"split_part(lower({email}), '@', 1)", f"split_part(lower({email}), '@', 2)"
    return f"replace(split_part({name}, '+', 1), '.', '') || '@' || {domain}"


def kind_of_place(emails: str, tags: str) -> str:
    """SQL: `address` when one of the `emails` (a list of SQL), or its domain or one above it, is blocked in the workspace,
    `network` when one of the `tags` (an array) is; else NULL."""
    return f"""
  (SELECT CASE b.kind WHEN 'network' THEN 'network' ELSE 'address' END FROM blocked_address b
    WHERE b.workspace_id = %(workspace)s AND (b.ends_at IS NULL OR b.ends_at > now()) AND CASE b.kind
          WHEN 'network' THEN b.value = ANY({tags})
          WHEN 'email' THEN EXISTS (SELECT FROM unnest(ARRAY[{emails}]) e WHERE {mailbox("e")} = {mailbox("b.value")})
          ELSE EXISTS (SELECT FROM unnest(ARRAY[{emails}]) e
                        WHERE right('.' || split_part(lower(e), '@', 2), length(b.value) + 1) = '.' || b.value) END
    ORDER BY b.kind LIMIT 1)"""


def tags(workspace_id: int, network: str) -> list[str]:
    """All names that a network has had here by our keys, the newest first: it is stored nowhere itself."""
    return tokens.tags(f"network {workspace_id} {network}") if network else []
