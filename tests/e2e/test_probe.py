"""client/probe.h: what a broker tells of itself, and what stands in for one."""
import json
import subprocess
import time
from contextlib import ExitStack

from kafka.protocol.broker_version_data import BROKER_API_VERSIONS

from harness.listener import (Deaf, Listener, broker, closing, closing_after_reading, saying, silent)
from harness.paths import patience, program_env, weir_binary


def probe_all(brokers: str, *properties: str, timeout_ms: int = 5000) -> list[dict]:
    tool = weir_binary().parent / "tests" / "unit" / "probe_tool"
    done = subprocess.run([tool, brokers, str(int(timeout_ms * patience())), *properties], capture_output=True, text=True,
                          env=program_env(), timeout=60 * patience(), check=False)
    assert (done.returncode, done.stderr) == (0, "")  # nothing is logged, and sanitizers have nothing to say
    return [json.loads(line) for line in done.stdout.splitlines()]


def probe(broker_address: str, *properties: str, timeout_ms: int = 5000) -> dict:
    answer, = probe_all(broker_address, *properties, timeout_ms=timeout_ms)
    return answer


def test_apache_kafka(kafka):
    """Its own numbers: org.apache.kafka.server.common.MetadataVersion of 4.1."""
    answer = probe(kafka.address)
    assert (answer["outcome"], answer["cure"], answer["address"]) == ("ok", None, kafka.address)
    assert answer["text"] == f"answered in {answer['answer_ms']} ms"
    assert (answer["protocol"], answer["metadata_version"], answer["tls"]) == ("4.1", "4.1-IV1", None)
    assert answer["apis"]["18"] == [0, 4]
    assert answer["apis"] == {str(key): list(span) for key, span in BROKER_API_VERSIONS[(4, 1)].items()}
    level = answer["features"]["metadata.version"]
    assert (level["finalized"], level["supported_max"], level["supported_release"]) == (27, 27, "4.1-IV1")
    assert answer["features"]["group.version"]["release"] == "1"
    assert answer["features"]["kraft.version"]["release"] is None
    host, port = kafka.address.split(":")
    assert answer["brokers"] == [{"id": 1, "host": host, "port": int(port), "rack": None}]
    assert (answer["controller"], answer["cluster_id"]) == (1, kafka.admin.list_topics(timeout=30).cluster_id)


def test_the_protocol_level_of_every_release():
    """Without features it is told from the versions of the APIs: those of real brokers, as kafka-python lists them."""
    known = {release: versions for release, versions in BROKER_API_VERSIONS.items() if release >= (0, 10)}
    with ExitStack() as stack:
        listeners = [stack.enter_context(Listener(broker(versions, understands=3 if release >= (2, 4) else 0)))
                     for release, versions in known.items()]
        answers = probe_all(",".join(listener.address for listener in listeners))
    for release, listener, answer in zip(known, listeners, answers, strict=True):
        assert (answer["outcome"], listener.served) == ("ok", 1), (release, answer)
        assert answer["protocol"] == ".".join(map(str, release))
        assert answer["metadata_version"] is None


def test_nothing_there():
    with Listener(silent) as listener:
        port = listener.port
    refused, unknown, both = probe_all(f"127.0.0.1:{port},no-such-host.invalid,localhost:{port}")
    assert (refused["outcome"], refused["text"]) == ("refused", f"connection refused (127.0.0.1:{port})")
    assert "is it running" in refused["cure"]
    assert (unknown["outcome"], unknown["port"]) == ("no host", 9092)
    assert unknown["text"].startswith("the name has no address: ")
    assert both["outcome"] == "refused" and f"(127.0.0.1:{port})" in both["text"]


def test_what_is_no_broker():
    tls_alert = bytes((0x15, 3, 3, 0, 2, 2, 80))
    http = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    cases = [
        (closing, "closed", "closed without an answer", "TLS"),
        (closing_after_reading, "closed", "closed without an answer", "security.protocol"),
        (saying(tls_alert), "wants tls", "answers in TLS", "set security.protocol to ssl"),
        (saying(http), "not kafka", 'answers, but not as a Kafka does: "HTTP/1.1 400 Bad Request"', "an HTTP port"),
        (saying(b"E\0\0\0\x8dSFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol 18.3\0\0"), "not kafka",
         "not as a Kafka does", "PostgreSQL's port"),
        (saying(b"\x7f\xff\xff\xff\x00"), "not kafka", "not as a Kafka does", "TLS"),
        (saying(b"\0\0\0\x0c\0\0\0\x63\0\0\x01\0\0\0\0\0"), "not kafka", "not as a Kafka does", "TLS"),
        (saying(b"\x00\x00\x00\x0a\x00\x00\x00\x01\x00\x00\x7f\xff\xff\xff"), "not kafka", "a count is larger", "TLS"),
        (saying(b"\x00\x00\x00\x00"), "not kafka", "not as a Kafka does", "TLS"),
        (saying(b"\x00\x00\x00\x06\x00\x00\x00\x01\x00\x2a"), "not kafka", "ends in the middle", "TLS"),
        (saying(b"\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x2a\x01\x00\x00\x00\x00\x00"), "refuses", "error 42", None),
    ]
    with ExitStack() as stack:
        listeners = [stack.enter_context(Listener(case[0])) for case in cases]
        answers = probe_all(",".join(listener.address for listener in listeners))
    for (_, outcome, text, cure), listener, answer in zip(cases, listeners, answers, strict=True):
        assert (answer["outcome"], answer["address"]) == (outcome, listener.address), answer
        assert text in answer["text"], answer
        assert cure in answer["cure"] if cure else answer["cure"] is None, answer


def test_time_is_kept():
    with Listener(silent) as listener, Deaf() as deaf:
        started = time.monotonic()
        unanswered, deaf_ones = probe_all(f"{listener.address},{deaf.address}", timeout_ms=300)
        took = time.monotonic() - started
        assert (unanswered["outcome"], unanswered["text"]) == ("silent", "connected, but no answer in time")
        assert (deaf_ones["outcome"], deaf_ones["text"]) == ("timed out", f"no connection in time ({deaf.address})")
        assert 0.6 <= took < 20 * patience()  # and not for ever: the machine may be busy
        handshake = probe(listener.address, "security.protocol=ssl", timeout_ms=300)
        assert (handshake["outcome"], handshake["text"]) == ("silent", "connected, but TLS was not set up in time")


def test_families():
    """Of a name's addresses the first that answers; of one family, if librdkafka is told so."""
    with Listener(broker(BROKER_API_VERSIONS[(3, 9)]), host="127.0.0.1") as v4:
        assert probe(f"localhost:{v4.port}")["address"] == v4.address
        assert probe(f"localhost:{v4.port}", "broker.address.family=v4")["outcome"] == "ok"
        assert probe(f"127.0.0.1:{v4.port}", "broker.address.family=v6")["outcome"] == "no host"
    try:
        listener = Listener(broker(BROKER_API_VERSIONS[(3, 9)]), host="::1")
    except OSError:
        return  # a machine without IPv6
    with listener as v6:
        assert probe(v6.address)["address"] == v6.address
        assert probe(f"SSL://{v6.address}")["outcome"] == "ok"  # what stands before the host is passed over


def test_what_is_not_asked():
    with Listener(silent) as listener:
        answer = probe(listener.address, "security.protocol=SSL", "ssl.keystore.location=/x.p12")
        assert (answer["outcome"], listener.served) == ("not asked", 0)
        assert "ssl.keystore.location" in answer["text"]
    with Listener(broker({18: (0, 3), 3: (0, 12)}, understands=3)) as listener:
        answer = probe(listener.address, "security.protocol=sasl_plaintext", "sasl.mechanisms=PLAIN")
        assert answer["outcome"] == "ok"  # ApiVersions comes before the login
        assert answer["metadata_text"] == "not asked: only after authentication"
    with Listener(broker({18: (0, 3), 3: (14, 15)}, understands=3)) as listener:
        assert probe(listener.address)["metadata_text"] == "no version of Metadata that weir knows"
    with Listener(broker({18: (0, 3), 3: (0, 12)}, understands=3)) as listener:
        answer = probe(listener.address)
        assert (answer["outcome"], answer["metadata_text"]) == ("ok", "connected, then closed without an answer")
