import time
from service import db
from service.feedback import segments, users
def test_x(acme):
    db.changed("""INSERT INTO company (workspace_id, external_id, name, plan, mrr) SELECT %(w)s, 'c'||n, 'C '||n, (array['Free','Team'])[1+n%%2], n*100 FROM generate_series(1,2000) n""", w=acme.workspace.id)
    db.changed("""INSERT INTO "user" (workspace_id, external_id, kind, traits, company_id) SELECT %(w)s, 'u'||n, 'identified', jsonb_build_object('role', (array['chef','cook'])[1+n%%2], 'seats', n), (SELECT min(id) FROM company)+n%%2000 FROM generate_series(1,50000) n""", w=acme.workspace.id)
    import os
    if os.environ.get("AN"): db.changed("ANALYZE")
    rules=[{"field":"traits.role","op":"is","value":"chef"},{"field":"traits.seats","op":"at_least","value":10},{"field":"company.plan","op":"is_not","value":"Free"},{"field":"company.mrr","op":"at_least","value":10},{"field":"company.name","op":"contains","value":"c"}]
    def t(name, f):
        a=time.time(); r=f(); print(name, round(time.time()-a,3)); return r
    for i in range(3):
        t("create", lambda: segments.create(acme.team, f"s{i}", "S", rules))
    t("change", lambda: segments.change(acme.team, "s0", rules=rules[:1]))
    t("change", lambda: segments.change(acme.team, "s0", rules=[{"field":"traits.role","op":"is","value":"cook"}]))
    t("sort all", lambda: segments.sort(acme.workspace.id))
    t("list", lambda: segments.of(acme.team))
    t("identify changed", lambda: acme.user({"sub":"u7","traits":{"role":"cook"}}))
    t("identify same", lambda: acme.user({"sub":"u7","traits":{"role":"cook"}}))
    t("company", lambda: acme.user({"sub":"u7","company":{"id":"c9","mrr":7}}))
    t("q", lambda: users.page(acme.workspace, 21, q="zzz"))
    t("segment", lambda: users.page(acme.workspace, 21, segment="s0"))
    t("company", lambda: users.page(acme.workspace, 21, 40000, company="c9"))
    t("delete", lambda: segments.delete(acme.team, "s1"))
    assert 0
