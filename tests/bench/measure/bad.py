"""Bad records: found by the decoder (text in an INT column), or by the server alone (a CHECK constraint)."""
import re

from .stage import Stage
from .table import Table, say
from .weir import Weir

CHECK = "session_duration >= 0"
DURATION = re.compile(rb'("session_duration": )\d+')
KINDS = {"the decoder": (rb'\g<1>"long"', {1: 0.7, 10: 0.3}), "only the server": (rb"\g<1>-1", {1: 0.3, 10: 0.1})}


def spoil(share_percent: int, replacement: bytes):
    """Each hundredth record, or each tenth."""
    def bad(i: int, value: bytes) -> bytes:
        return DURATION.sub(replacement, value) if i * share_percent % 100 < share_percent else value
    return bad


def measure(stage: Stage, table: Table, weir: Weir, records: int) -> None:
    say("bad records")
    clean = weir.drain(stage.fill("bench_good", records), check=CHECK).records_per_s
    table.add("good records alone, into a table with a CHECK", f"{clean:,.0f} records/s")
    for finder, (replacement, targets) in KINDS.items():
        for percent, target in targets.items():
            topic = stage.fill(f"bench_bad_{percent}_{finder.split()[-1]}", records, spoil(percent, replacement))
            drained = weir.drain(topic, check=CHECK)
            expected = sum(i * percent % 100 < percent for i in range(records))
            assert drained.dead == expected, f"{drained.dead} dead letters, {expected} bad records"
            table.at_least(f"{percent} % bad records, found by {finder}: of the clean rate", drained.records_per_s / clean,
                           target, note=f" ({drained.records_per_s:,.0f} records/s)")
            stage.kafka.delete_topic(topic)
    stage.kafka.delete_topic("bench_good")
