"""What a list of posts can be narrowed to, as SQL about the post `p`; and how many posts fit, for a page that must cost the
same however many there are."""

from service import db

FEW = 500  # posts, or votes for them

# What each post is worth, summed in one pass over the votes of those who pay: there is no index for it.
EACH_WORTH = """
  SELECT number, sum(mrr)::bigint AS mrr FROM (
    SELECT DISTINCT v.post_number AS number, payer.id, payer.mrr FROM company payer
      JOIN "user" voter ON voter.workspace_id = %(workspace)s AND voter.company_id = payer.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = voter.id
     WHERE payer.workspace_id = %(workspace)s AND payer.mrr > 0) each
   GROUP BY number"""


def ours(words: str) -> str:
    """SQL: this tsquery, as the index has words: each begins with its workspace, and none has a place (migrations/0010). So
    it finds what this one says, however many others say it too; of a phrase, all that has its words."""
    return f"""regexp_replace(regexp_replace({words}::text, '<(-|[0-9]+)>', '&', 'g'), '''((?:[^'']|'''')*)''',
      '''' || %(workspace)s::text || '|\\1''', 'g')::tsquery"""


# What somebody typed (typed.words), in any form of its words in this language, and literally: "to do" has none.
WORDS = """(websearch_to_tsquery(%(language)s::regconfig, %(q)s) || websearch_to_tsquery('simple', %(literally)s)
      || CASE WHEN %(prefix)s = '' THEN ''::tsquery ELSE
           websearch_to_tsquery(%(language)s::regconfig, %(begun)s) && %(prefix)s::tsquery END)"""
SAYS = f"p.search @@ {WORDS}"
# The same in the index. What is only left out is not looked for there.
LOOKED_FOR = f"querytree({WORDS})"
SAID = f"""(numnode({WORDS}) > 0 AND p.workspace_id = %(workspace)s AND {SAYS}
   AND CASE WHEN {LOOKED_FOR} IN ('', 'T') THEN true ELSE words_of(p.workspace_id, p.search) @@ {ours(LOOKED_FOR)} END)"""
# What a list can be narrowed to. A statement has only the conditions that were asked for: those of the others would cost
# nothing to run, but PostgreSQL turns an IN into a join only where it stands alone, and plans each word of a statement.
# Who wants something is who votes for it: company, plan, segment and MRR are those of the voters.
PAYING = {"company": "c.external_id = %(company)s", "plan": "lower(c.plan) = lower(%(plan)s)"}
VOTED = {
    **{name: f"""
    SELECT v.post_number FROM company c JOIN "user" u ON u.workspace_id = %(workspace)s AND u.company_id = c.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = u.id
     WHERE c.workspace_id = %(workspace)s AND {whose}""" for name, whose in PAYING.items()},
    "segment": """
    SELECT v.post_number FROM segment s JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.segment_id = s.id
      JOIN vote v ON v.workspace_id = %(workspace)s AND v.user_id = su.user_id
     WHERE s.workspace_id = %(workspace)s AND s.key = %(segment)s""",
}  # fmt: skip
FILTERS = {
    "board": "p.board_id = %(board)s",
    "status": "p.status_id = %(status)s",
    "mine": "p.author_id = %(user)s",
    "author": 'p.author_id = (SELECT id FROM "user" WHERE workspace_id = %(workspace)s AND external_id = %(author)s)',
    "tag": """p.number IN (
    SELECT l.post_number FROM post_tag l JOIN tag t ON t.workspace_id = %(workspace)s AND t.id = l.tag_id
     WHERE l.workspace_id = %(workspace)s AND t.key = %(tag)s)""",
    **{name: f"p.number IN ({numbers})" for name, numbers in VOTED.items()},
    "mrr_from": f"p.number IN (SELECT number FROM ({EACH_WORTH}) worthy WHERE mrr >= %(mrr_from)s)",
    "assignee": "p.assignee_id = %(assignee)s",
    "unassigned": "p.assignee_id IS NULL",
    "unanswered": """p.answered_at IS NULL AND p.status_id = ANY(ARRAY(
    SELECT id FROM status WHERE workspace_id = %(workspace)s AND kind = 'open'))""",
    "older": "p.created_at < now() - %(older)s * interval '1 day'",
    "newer": "p.created_at >= now() - %(newer)s * interval '1 day'",
    "since": "p.created_at >= %(since)s",
    "q": SAID,
}
# The filters for which no order of posts has an index: the numbers of those that fit, and the same asked of one post `p`.
# OFFSET 0 keeps PostgreSQL from turning the question about a post into one about all.
FITTING = {
    **VOTED,
    "mrr_from": "SELECT post_number FROM post_worth WHERE workspace_id = %(workspace)s AND mrr >= %(mrr_from)s",
    "q": f"SELECT p.number FROM post p WHERE {SAID}",
}
FITS = {
    **{name: f"""EXISTS (
    SELECT FROM vote v JOIN "user" u ON u.workspace_id = %(workspace)s AND u.id = v.user_id
      JOIN company c ON c.workspace_id = %(workspace)s AND c.id = u.company_id
     WHERE v.workspace_id = %(workspace)s AND v.post_number = p.number AND {whose} OFFSET 0)"""
       for name, whose in PAYING.items()},
    "segment": """EXISTS (
    SELECT FROM vote v JOIN segment_user su ON su.workspace_id = %(workspace)s AND su.user_id = v.user_id
      JOIN segment s ON s.workspace_id = %(workspace)s AND s.id = su.segment_id
     WHERE v.workspace_id = %(workspace)s AND v.post_number = p.number AND s.key = %(segment)s OFFSET 0)""",
    "mrr_from": """EXISTS (
    SELECT FROM post_worth w
     WHERE w.workspace_id = %(workspace)s AND w.post_number = p.number AND w.mrr >= %(mrr_from)s OFFSET 0)""",
    "q": SAYS,
}  # fmt: skip


def sifted(asked: frozenset[str], values: dict) -> tuple[list[int] | None, frozenset[str]]:
    """Which posts fit those of these conditions that few posts fit (None: they are not few), and the conditions that many
    fit. Of many, some stand near the beginning of every order; few are found from the side of their voters or words."""
    among, many = None, set()
    for name in sorted(asked):
        found = db.rows(f"{FITTING[name]} LIMIT {FEW + 1}", **values)
        if len(found) > FEW:
            many.add(name)
        else:
            numbers = {row[0] for row in found}
            among = numbers if among is None else among & numbers
    return (None if among is None else sorted(among)), frozenset(many)
