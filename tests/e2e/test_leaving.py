"""A consumer that leaves its group by a library that hangs in it (librdkafka 2.0.2 does, seldom)."""
import subprocess
import time

from harness.paths import patience
from harness.records import Record
from harness.shim import build_shim, in_front
from harness.weir import pipeline_name

RECORDS = 30


def test_a_library_that_hangs_does_not_hold_up_the_end(weir, tool, kafka, database, scratch):
    """In the call that closes, in the answer to a rebalance then, in the one that frees: what was done is done and told, and
    it ends in seconds. All at once, as each waits for its limit."""
    database.execute("CREATE TABLE t (n int)")
    shim = build_shim("leave", scratch)
    topics = {call: kafka.create_topic() for call in ("close", "assign", "destroy")}
    for topic in topics.values():
        kafka.produce(topic, [Record(b'{"n": %d}' % n, partition=n % 3) for n in range(RECORDS)])
    credentials = database.credentials(weir.folder)
    begun = time.monotonic()
    ingests, readers = {}, {}
    for call, topic in topics.items():
        hangs = in_front(shim, weir.env) | {"HANGS_IN": call}
        ingests[call] = weir.start("ingest", "-b", kafka.address, "-t", topic, "--table", "t", "--database", credentials, "-e",
                                   "-J", env=hangs)
        tool.env |= hangs
        readers[call] = tool.start("consume", topic, "-g", f"group of {topic}", "-o", "beginning", "-e",
                                   stdin=subprocess.DEVNULL)
    for call, reader in readers.items():
        out, said = reader.communicate(timeout=60 * patience())
        assert (reader.returncode, out.count(b"\n")) == (0, RECORDS) and f"hangs in {call}" in said.decode(), (call, out, said)
        assert kafka.committed(f"group of {topics[call]}", topics[call]) == kafka.ends(topics[call])
    for call, ingest in ingests.items():
        assert ingest.wait(60) == 0 and ingest.summary()["rows"] == RECORDS and f"hangs in {call}" in ingest.stderr, ingest
    assert time.monotonic() - begun < 15 * patience()
    assert database.count("t") == 3 * RECORDS
    stored = "SELECT sum(next_offset) FROM weir.offsets WHERE pipeline = %s"
    assert [database.value(stored, [pipeline_name(topic, "t")]) for topic in topics.values()] == [RECORDS] * 3
