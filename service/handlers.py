"""What is done for each kind of job, how often what comes round is due, and who waits for whom."""

from typing import NamedTuple

from service import events, measurements, nightly, retention, webhooks
from service.feedback import (
    account,
    account_letters,
    attachments,
    attempts,
    billing,
    changelog,
    clearing,
    comparing,
    consequences,
    data_links,
    digests,
    endpoints,
    exporting,
    exports,
    importing,
    imports,
    insight_counts,
    leaving,
    letters,
    notifications,
    passing,
    plan_checks,
    proofs,
    remains,
    sign_in,
    sweeping,
    undoing,
    user_links,
    vectors,
)

# The stored kind of a job is never renamed: one of an older release may still be waiting.
HANDLERS = {
    events.FOLLOW_UP: consequences.follow_up,
    vectors.EMBED: vectors.embed,
    vectors.COMPARE: comparing.compare,
    comparing.FIND: comparing.find,
    letters.SEND: notifications.send,
    sign_in.SEND: account_letters.send_sign_in,
    proofs.SEND: account_letters.send_proof,
    account.TELL: account_letters.tell_former,
    user_links.SEND: user_links.send,
    changelog.PUBLISH: changelog.announce_due,
    attachments.PROCESS: attachments.process,
    endpoints.DELIVER: webhooks.deliver,
    endpoints.ROUSE: attempts.rouse,
    insight_counts.COUNT: insight_counts.count_due,
    digests.DUE: digests.send_due,
    sweeping.SWEEP: sweeping.sweep,
    remains.BURY: remains.bury_rows,
    data_links.SEND: data_links.send,
    clearing.ERASE: clearing.erase_due,
    exports.WRITE: exporting.work,
    imports.WORK: importing.work,
    imports.UNDO: undoing.work,
    exports.CLEAR: exports.clear,
    plan_checks.CHECK: plan_checks.check,
    plan_checks.LOOK: plan_checks.look,
    plan_checks.LET_IN: plan_checks.let_in,
    leaving.EXPIRE: leaving.expire,
    leaving.LEAVE: leaving.leave,
    retention.PRUNE: retention.prune,
    measurements.MEASURE: measurements.measure,
    nightly.LOOK: nightly.look,
    nightly.MAKE: nightly.make,
}
# seconds between runs
CRON = {
    changelog.PUBLISH: 60, retention.PRUNE: 3600, insight_counts.COUNT: 600, digests.DUE: 900, measurements.MEASURE: 60,
    endpoints.ROUSE: 600, comparing.FIND: 86_400, nightly.LOOK: 3600, clearing.ERASE: 600, plan_checks.CHECK: 3600,
}  # fmt: skip


class Queue(NamedTuple):
    threads: int
    cap: int | None = None  # of them, for one workspace


# what waits for others' servers, or computes for seconds, holds up nothing else
QUEUES = {
    "default": Queue(4), letters.QUEUE: Queue(2), attachments.QUEUE: Queue(1), endpoints.QUEUE: Queue(12, cap=3),
    vectors.QUEUE: Queue(2), comparing.QUEUE: Queue(1), nightly.QUEUE: Queue(1), passing.QUEUE: Queue(1, cap=1),
    billing.QUEUE: Queue(1),
}  # fmt: skip
