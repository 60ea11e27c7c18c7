"""weir generate when the way to Kafka is bad: answers that are lost, a broker that hangs, one that comes back unnoticed."""
import json
import re
import signal
import time

import pytest

from harness.http import get
from harness.kafka_proxy import KafkaProxy
from harness.paths import patience
from harness.ports import free_address
from harness.wait import in_time, wait_until
from test_generate import AWAY, BACK, Run, assert_true, generate, lines_of


@pytest.fixture
def proxy(kafka):
    with KafkaProxy(kafka.address) as proxy:
        yield proxy


def named(run) -> int:
    """Lines of its ledger so far."""
    return run.ledger.read_bytes().count(b"\n") if run.ledger.exists() else 0


@pytest.mark.parametrize("pace", [("--rate", "max", "-n", 60_000), ("--rate", "300/s", "-n", 600)], ids=["max", "steady"])
def test_a_lost_answer_doubles_nothing(tool, kafka, topic, proxy, pace):
    """The broker has the records, the answer that says so is gone, and they are sent once more: there is one copy, and the
    ledger has its offset."""
    proxy.lose_answers(4)
    ledger = tool.folder / "sent.ndjson"
    summary = generate(tool, topic, "-b", proxy.address, "--ledger", ledger, *pace)
    assert proxy.lost == 4 and summary["acknowledged"] == summary["made"] == pace[-1]
    assert_true(kafka, topic, ledger, pace[-1])


def test_without_idempotence_a_lost_answer_doubles(tool, kafka, topic, proxy):
    """So the test before this one means something."""
    proxy.lose_answers()
    generate(tool, topic, "-b", proxy.address, "-X", "enable.idempotence=false", "--rate", "max", "-n", 1000)
    assert proxy.lost == 1 and sum(kafka.ends(topic).values()) > 1000


def test_acknowledged_without_an_offset(tool, kafka, proxy):
    """With acks=0, and of a batch that is doubled, there may be none. Nothing is read out of that, and a ledger that would
    lack a record ends the run."""
    topic = kafka.create_topic(partitions=1)
    generate(tool, topic, "-X", "acks=0", "-X", "enable.idempotence=false", "--rate", "max", "-n", 20_000)
    wait_until(lambda: kafka.ends(topic) == {0: 20_000}, what="all of them")
    proxy.forget_offsets()
    options = ("generate", "-t", topic, "-b", proxy.address, "--rate", "max", "-n", 20_000, "-J")
    assert json.loads(tool.ok(*options))["acknowledged"] == 20_000
    done = tool(*options, "--ledger", "sent.ndjson")
    assert done.returncode == 1 and (tool.folder / "sent.ndjson").read_bytes() == b""
    assert b"acknowledged a record of partition 0 and not said its offset, so the ledger cannot name it" in done.stderr


@pytest.mark.slow
def test_a_broker_that_hangs(tool, kafka, proxy):
    """It is there and says nothing. A word after 15 s; behind it all goes on. Who leaves is told how many there are, and who
    comes meanwhile that nobody answers. weir rate --exact, which reads just then, says how far it came."""
    address = free_address()
    long = kafka.create_topic(partitions=1)
    kafka.produce(long, [b"x" * 100] * 3000, batch_num_messages=1)
    steady, leaver = (Run(tool, kafka.create_topic(), "-b", proxy.address, "--rate", "200/s", *more)
                      for more in (["--http", address], []))
    wait_until(lambda: min(named(run) for run in (steady, leaver)) > 100, what="records")
    proxy.slow_fetches(0.003)
    reader = tool.terminal("rate", long, "--exact", "-b", proxy.address, "-X", "fetch.message.max.bytes=100")
    reader.shows("of 3000 records")
    proxy.mute()
    began = time.monotonic()
    late = tool.start("generate", "-t", steady.topic, "-b", proxy.address, "-n", 1)
    _, said = late.communicate(timeout=30 * patience())
    assert late.returncode == 1 and said.count(b"\n") == 1
    assert f"no broker of {proxy.address} answered in 5000 ms (the brokers are from: -b)\n" in said.decode()
    for run in (steady, leaver):
        run.says("the broker acknowledges nothing; " + AWAY)
    assert 13 < time.monotonic() - began < 40 * patience()
    assert wait_until(lambda: get(address, "/healthz")[0] == 503, what="to be unhealthy")
    assert reader.wait() == 1
    assert re.search(rf"rate: when \d+ of 3000 records were read: no answer from the brokers {proxy.address} within 10 s",
                     reader.text)
    summary = leaver.end(code=1)
    left = summary["made"] - summary["acknowledged"]
    assert left > 1000 and f"{left} of {summary['made']} records are not acknowledged" in leaver.said
    assert len(lines_of(leaver.ledger)) == summary["acknowledged"]

    proxy.mute(False)
    steady.says(BACK)
    wait_until(lambda: get(address, "/healthz")[0] == 200, what="to be healthy")
    summary = steady.end()
    assert summary["acknowledged"] == summary["made"] > 2500 / patience()
    assert_true(kafka, steady.topic, steady.ledger, summary["made"])
    assert (steady.said.count(AWAY), steady.said.count(BACK)) == (1, 1), steady.said


@pytest.mark.slow
def test_health_comes_back_with_the_broker_and_not_with_the_next_record(tool, kafka, topic):
    """At a low rate the next record may be hours off."""
    address = free_address()
    run = Run(tool, topic, "--every", "1h", "--http", address)
    wait_until(lambda: sum(kafka.ends(topic).values()) == 1, what="the first record")
    wait_until(lambda: get(address, "/healthz") == (200, "ok\n"), what="to be healthy")
    kafka.kill()
    run.says(AWAY)
    wait_until(lambda: get(address, "/healthz") == (503, "no broker answers\n"), what="to be unhealthy")
    kafka.start()
    run.says(BACK)
    wait_until(lambda: get(address, "/healthz") == (200, "ok\n"), what="to be healthy")
    assert run.end()["acknowledged"] == 1


def test_who_waits_at_the_end_sees_it(tool, topic, proxy):
    """All are made, and some are on their way for as long as the broker is away."""
    proxy.mute_after(1)
    terminal = tool.terminal("generate", "-t", topic, "-b", proxy.address, "--rate", "300/s", "-n", 600)
    shown = lambda: re.findall(r"(\d+) acknowledged, (\d+) on their way", terminal.text)  # noqa: E731
    wait_until(lambda: terminal.read(0.1) and sum(int(a) + int(b) == 600 and b != "0" for a, b in shown()) >= 3, 20,
               what="to be shown again and again")
    proxy.mute(False)
    assert terminal.wait(20) == 0 and "600 records acknowledged" in terminal.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_no_broker_answers(tool, topic, proxy, number):
    """It ends within a second or so and says what is not acknowledged; what is, is in the ledger."""
    run = Run(tool, topic, "-b", proxy.address, "--rate", "500/s")
    wait_until(lambda: named(run) > 100, what="records")
    proxy.mute()
    time.sleep(0.5)  # so that some are on their way
    began = time.monotonic()
    run.process.send_signal(number)
    out, _ = run.process.communicate(timeout=20 * patience())
    assert run.process.returncode == 1 and time.monotonic() - began < 2.5 * patience()
    summary = json.loads(out)
    left = summary["made"] - summary["acknowledged"]
    assert left > 0 and f"{left} of {summary['made']} records are not acknowledged" in run.said
    assert len(lines_of(run.ledger)) == summary["acknowledged"]


def test_a_second_signal_ends_it_at_once(tool, kafka, proxy):
    def attempt() -> int:
        proxy.mute(False)
        run = Run(tool, kafka.create_topic(), "-b", proxy.address, "--rate", "500/s")
        wait_until(lambda: named(run) > 100, what="records")
        proxy.mute()
        time.sleep(0.3)
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.2)  # sooner it is the same signal twice, as shells send it; in a second it is over without
        run.process.send_signal(signal.SIGINT)
        code = run.process.wait(5 * patience())
        assert len(lines_of(run.ledger)) > 0, "what was acknowledged before is in the ledger, whole lines of it"
        return code

    in_time(attempt, 130)
