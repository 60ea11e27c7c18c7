"""client/probe.h and what stands on it, against a Kafka with TLS and logins."""
import json

import pytest

from harness.library import newer_library
from harness.tool import Tool
from test_probe import probe


def properties(of: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in of.items()]


def test_tls_that_holds(secure_kafka):
    tls = secure_kafka.tls()
    for trust in (tls, {"security.protocol": "ssl", "ssl.ca.pem": secure_kafka.authority.certificate.read_text()}):
        answer = probe(secure_kafka.address("TLS"), *properties(trust))
        assert (answer["outcome"], answer["tls"], answer["metadata_version"]) == ("ok", "TLSv1.3", "4.1-IV1"), answer
        # Where it advertises this listener, not another.
        assert [f"{b['host']}:{b['port']}" for b in answer["brokers"]] == [secure_kafka.address("TLS")]
    answer = probe(secure_kafka.address("MUTUAL"), *properties(secure_kafka.mutual()))
    assert answer["outcome"] == "ok", answer
    unchecked = tls | {"ssl.endpoint.identification.algorithm": "none"}
    assert probe(secure_kafka.address("OTHER"), *properties(unchecked))["outcome"] == "ok"
    blind = ("security.protocol=ssl", "enable.ssl.certificate.verification=false")
    assert probe(secure_kafka.address("EXPIRED"), *blind)["outcome"] == "ok"


def test_tls_that_does_not(secure_kafka):
    tls = secure_kafka.tls()
    mutual = secure_kafka.mutual()
    stranger = str(secure_kafka.stranger.certificate)
    nowhere = str(secure_kafka.authority.folder / "none.pem")
    cases = [
        ("OTHER", tls, "mismatch"),
        ("EXPIRED", tls, "certificate has expired"),
        ("TLS", {"security.protocol": "ssl"}, "the broker's certificate is refused: "),
        ("TLS", tls | {"ssl.ca.location": stranger}, "the broker's certificate is refused: "),
        ("TLS", tls | {"ssl.ca.location": nowhere}, f"ssl.ca.location: {nowhere}: No such file"),
        ("TLS", {"security.protocol": "ssl", "ssl.ca.pem": "x"}, "ssl.ca.pem: "),
        ("MUTUAL", tls, "the broker refuses TLS: "),
        ("MUTUAL", mutual | {"ssl.key.password": "wrong"}, "ssl.key.location: "),
        ("MUTUAL", {key: value for key, value in mutual.items() if key != "ssl.key.password"}, "ssl.key.location: "),
        ("MUTUAL", mutual | {"ssl.certificate.location": nowhere}, "ssl.certificate.location: "),
    ]
    for listener, given, text in cases:
        answer = probe(secure_kafka.address(listener), *properties(given))
        assert answer["outcome"] == "tls failed", (listener, given, answer)
        assert text in answer["text"] and "check" in answer["cure"], (listener, given, answer)


def test_the_wrong_door(secure_kafka):
    answer = probe(secure_kafka.address("TLS"))
    assert answer["outcome"] in ("wants tls", "closed"), answer
    assert "security.protocol to ssl" in answer["cure"]
    answer = probe(secure_kafka.kafka.address, *properties(secure_kafka.tls()))
    assert (answer["outcome"], answer["text"]) == \
        ("tls failed", "the broker closed the connection while TLS was set up"), answer


@pytest.mark.parametrize("mechanism, tls, listener", [("PLAIN", False, "OPEN"), ("SCRAM-SHA-256", False, "OPEN"),
                                                      ("PLAIN", True, "SECURE"), ("SCRAM-SHA-512", True, "SECURE")])
def test_versions_come_before_the_login(secure_kafka, mechanism, tls, listener):
    answer = probe(secure_kafka.address(listener), *properties(secure_kafka.sasl(mechanism, tls)))
    assert (answer["outcome"], answer["metadata_version"]) == ("ok", "4.1-IV1"), answer
    assert (answer["tls"] is not None) == tls
    assert answer["metadata_text"] == "not asked: only after authentication"


def test_bytes_of_topics(secure_kafka, tmp_path):
    """Over TLS and after a login by PLAIN; other logins are left to librdkafka, so nothing is known."""
    topic = secure_kafka.kafka.create_topic(partitions=1)
    secure_kafka.kafka.produce(topic, [b"x" * 1000] * 3)

    def told(listener: str, given: dict[str, str], **library: str) -> tuple[int | None, str]:
        file = tmp_path / f"{listener}.properties"
        file.write_text("".join(f"{line}\n" for line in properties(given)))
        tool = Tool(tmp_path, secure_kafka.address(listener))
        described = tool("topic", "describe", topic, "-v", "-F", file, "-J", stdin="", **library)
        assert described.returncode == 0, described
        return json.loads(described.stdout)["bytes"], described.stderr

    assert told("TLS", secure_kafka.tls())[0] > 1000
    assert told("SECURE", secure_kafka.sasl("PLAIN"))[0] > 1000
    assert told("OPEN", secure_kafka.sasl("PLAIN", tls=False))[0] > 1000
    # Debian's librdkafka cannot do SCRAM with Kafka 4.
    none, said = told("OPEN", secure_kafka.sasl("SCRAM-SHA-256", tls=False),
                      LD_LIBRARY_PATH=str(newer_library(tmp_path)))
    assert none is None and "can log in by SASL PLAIN alone" in said
