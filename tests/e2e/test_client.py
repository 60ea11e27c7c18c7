"""src/client alone, by build/tests/unit/consume_raw: what it tells of partitions, groups, brokers and topics, with
Debian's librdkafka and with the one of the confluent-kafka wheel."""
import re
import subprocess
import threading
import time

import pytest

from harness.library import newer_library
from harness.listener import Listener, closing, cluster, refusing_logins
from harness.paths import patience, program_env, sanitized, weir_binary
from harness.records import Record
from harness.wait import wait_until

# The library uses C11 threads, which the thread sanitizer knows of the built one only.
LIBRARIES = ["debian"] if sanitized() else ["debian", "wheel"]


class Raw:
    """A running consume_raw; its lines as they come."""

    def __init__(self, environment: dict, *arguments: str):
        binary = weir_binary().parent / "tests" / "unit" / "consume_raw"
        self._process = subprocess.Popen([binary, *arguments], env=environment, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def index(self, pattern: str) -> int:
        """Of the first line that has it; -1 if none has."""
        return next((i for i, line in enumerate(list(self.lines)) if re.search(pattern, line)), -1)

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in list(self.lines))

    def wait_for(self, pattern: str, times: int = 1, timeout_s: float = 60) -> None:
        try:
            wait_until(lambda: self.count(pattern) >= times, timeout_s, what=f"{pattern!r} {times} times")
        except AssertionError as error:
            raise AssertionError(f"{error}\n" + "\n".join(self.lines)) from None

    def values(self) -> list[str]:
        """The records' values, in the order they came."""
        return [m[1] for line in list(self.lines) if (m := re.search(r'^  \d+ at .* value="(.*?)"', line))]

    def terminate(self) -> float:
        """Ends it as a user would; how long it took."""
        began = time.monotonic()
        self._process.terminate()
        self.wait()
        return time.monotonic() - began

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def wait(self, timeout_s: float = 60) -> "Raw":
        assert self._process.wait(timeout_s * patience()) == 0, "\n".join(self.lines)
        self._reader.join()
        self._process.stdout.close()
        return self

    def running(self) -> bool:
        return self._process.poll() is None


@pytest.fixture(params=LIBRARIES)
def raw(request, kafka, tmp_path):
    """raw("-t", topic, ...) starts one against this test's Kafka."""
    environment = program_env()
    if request.param == "wheel":
        environment["LD_LIBRARY_PATH"] = str(newer_library(tmp_path))
    started = []

    def start(*arguments: str) -> Raw:
        started.append(Raw(environment, "-b", kafka.address, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.running():
            one.kill()


@pytest.fixture
def topic(kafka) -> str:
    return kafka.create_topic(partitions=1)


def values(*names: str) -> list[Record]:
    return [Record(name.encode(), partition=0) for name in names]


def test_records_as_they_are(raw, kafka, topic):
    kafka.produce(topic, [Record(None, key=b"k", partition=0, timestamp_ms=1000, headers=[("a", b"1"), ("b", None)]),
                          Record(b"", key=b"", partition=0, timestamp_ms=2000),
                          Record(b"v", key=None, partition=0, timestamp_ms=3000)])
    one = raw("-t", topic, "-p").wait()
    assert [line for line in one.lines if line.startswith("  ")] == [
        '  0 at 1000 key="k" value=null header a ="1" header b =null',
        '  1 at 2000 key="" value=""',
        '  2 at 3000 key=null value="v"',
        "  end at 3"]


def test_the_end_is_past_markers_and_before_open_transactions(raw, kafka, topic, transactional_producer):
    producer = transactional_producer(f"client-{topic}")
    for finish in (producer.commit, producer.abort, producer.commit, producer.abort):
        producer.begin()
        producer.send(topic, 0, finish.__name__)
        finish()
    one = raw("-t", topic, "-p", "-s", "600")
    one.wait_for("end at 8$")
    assert one.values() == ["commit", "commit"]
    producer.begin()
    producer.send(topic, 0, "late")
    time.sleep(0.5)
    assert one.count("end at") == 1, one.lines
    producer.commit()
    one.wait_for("end at 10$")
    assert one.values() == ["commit", "commit", "late"]


@pytest.mark.parametrize("offset", ["0", "6", "1000"])
def test_an_offset_that_is_not_there_stops_the_partition(raw, kafka, topic, offset):
    kafka.produce(topic, values("a", "b", "c", "d", "e"))
    kafka.delete_records(topic, {0: 2})
    one = raw("-t", topic, "-p", "-o", offset).wait()
    assert one.index(rf"out of range: offset {offset} is not in the log of {topic} \[0\] \[halt") >= 0, one.lines
    assert one.values() == []


@pytest.mark.parametrize("more", [True, False], ids=["more records", "fewer records"])
def test_a_topic_created_again_is_told_before_its_records(raw, kafka, topic, more):
    """Both libraries would read on in the new topic without a word."""
    kafka.produce(topic, values("old0", "old1", "old2"))
    one = raw("-t", topic, "-p", "-s", "600")
    one.wait_for("end at 3$")
    time.sleep(1.5)  # the questions of the start are over
    before = len(one.lines)
    kafka.delete_topic(topic)
    kafka.create_topic(topic, partitions=1)
    kafka.produce(topic, values(*(f"new{i}" for i in range(10 if more else 1))))
    one.wait_for("new|out of range")
    told = next(i for i, line in enumerate(one.lines) if i >= before and "metadata asked" in line)
    came = one.index("new|out of range")
    assert told < came, one.lines


@pytest.mark.slow
def test_a_deleted_topic_is_told_and_does_not_hold(raw, kafka, topic):
    """2.0.2 would never end: the partition's queue would hold what holds the queue."""
    kafka.produce(topic, values("a"))
    one = raw("-t", topic, "-s", "9")
    one.wait_for("metadata asked")
    kafka.delete_topic(topic)
    one.wait()
    assert one.count("metadata asked") > 2
    assert one.count("fault") <= 1, one.lines
    (left,) = [line for line in one.lines if line.startswith("left in")]
    assert float(left.split()[2]) < 1 * patience()


def test_a_group_moves_its_partitions(raw, kafka):
    topic = kafka.create_topic(partitions=2)
    kafka.produce(topic, [Record(b"a", partition=0), Record(b"b", partition=1)])
    first = raw("-t", topic, "-g", f"group-{topic}", "-s", "600")
    first.wait_for("assigned 2")
    second = raw("-t", topic, "-g", f"group-{topic}", "-s", "600")
    second.wait_for("assigned 1")
    first.wait_for("revoked 2$")
    first.wait_for("assigned 1")
    assert second.terminate() < 3 * patience()
    first.wait_for("assigned 2", times=2, timeout_s=9)  # the other has left, its session was not waited out
    assert first.count("lost") == 0


def test_a_killed_static_member_is_back_at_once(raw, kafka, topic):
    arguments = ("-t", topic, "-g", f"group-{topic}", "-i", "member")
    first = raw(*arguments, "-s", "600")
    first.wait_for("assigned 1")
    first.kill()
    began = time.monotonic()
    raw(*arguments, "-s", "600").wait_for("assigned 1")
    assert time.monotonic() - began < min(6 * patience(), 9.5)  # the session is 10 s


def test_two_of_one_instance_id(raw, kafka, topic):
    arguments = ("-t", topic, "-g", f"group-{topic}", "-i", "member")
    first = raw(*arguments, "-s", "600")
    first.wait_for("assigned 1")
    second = raw(*arguments, "-s", "600")
    second.wait_for("assigned 1")
    first.wait_for(r"fault: .*stop one of the two \[halt FENCED")
    assert second.count("fault") == 0


@pytest.mark.crash
def test_a_broker_that_goes_and_comes(raw, kafka, topic):
    kafka.produce(topic, values("a", "b"))
    one = raw("-t", topic, "-p", "-s", "600")
    one.wait_for("end at 2$")
    kafka.kill()
    one.wait_for("fault: .*outage")
    time.sleep(3)
    kafka.start()
    one.wait_for("reconnected")
    kafka.produce(topic, values("c"))
    one.wait_for("end at 3$")
    assert one.values() == ["a", "b", "c"]
    assert one.count("fault") == 1, one.lines


def test_a_full_topic_comes_whole_and_in_order(raw, kafka):
    topic = kafka.create_topic(partitions=3)
    kafka.produce(topic, (Record(b"%0600d" % i, partition=i % 3) for i in range(60_000)))
    one = raw("-t", topic).wait()
    assert one.count("came twice") == 0
    for partition in range(3):
        assert one.count(rf"\[{partition}\] records 20000 next 20000 end 20000 \(1\)$") == 1, one.lines


LOGIN = ("security.protocol=SASL_PLAINTEXT", "sasl.mechanisms=PLAIN", "sasl.username=u", "sasl.password=p")


def test_one_broker_of_several_does_not_end_a_question_to_all():
    """A port of another kind, or one that refuses the login, beside a broker that answers; and, in one time for all of its
    questions, a coordinator that never does."""
    tool = weir_binary().parent / "tests" / "unit" / "admin_tool"

    def ask(brokers, timeout_ms, *properties):
        return subprocess.Popen([tool, brokers, str(timeout_ms), *properties], env=program_env(), text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(process):
        out, said = process.communicate(timeout=60 * patience())
        return process.returncode, out, said

    with Listener(closing) as other, Listener(refusing_logins()) as hostile, cluster([other], []) as mixed, \
            cluster([hostile], []) as guarded, cluster([], [f"g{i:03}" for i in range(130)], mute=True) as mute:
        begun = time.monotonic()
        asked = [ask(mixed.address, 4000), ask(guarded.address, 1500, *LOGIN), ask(mute.address, 1000),
                 ask(other.address, 20000), ask(hostile.address, 20000, *LOGIN)]
        code, out, said = end(asked[2])
        assert code == 0 and out.count("answered in 1000 ms") == 64, (out, said)
        assert out.count("not asked for its offsets: others took all of 1 s") == 66, \
            "64 are asked at a time, and all of them in the time for one"
        for process in asked[:2]:
            code, out, said = end(process)
            assert (code, said) == (0, "") and "0 groups: groups are missing" in out, (out, said)
        assert end(asked[3])[0::2] == (1, f"{other.address} closes the connection at once: a port with TLS, or no Kafka "
                                          "broker? Check the port and security.protocol (SSL, SASL_SSL)\n")
        code, out, said = end(asked[4])
        assert code == 1 and "refuses the user or the password" in said
        assert time.monotonic() - begun < 15 * patience(), "alone they end it early"
