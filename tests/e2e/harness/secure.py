"""A Kafka that wants to know who speaks: TLS and SASL, a listener for each way to be right or wrong."""
from pathlib import Path

from .certificates import KEY_PASSWORD, Authority
from .kafka import Kafka

USER, PASSWORD = "alice", "alice-sesame"
SCRAM = " ".join(f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"))
SCRAM_LOGIN = r"org.apache.kafka.common.security.scram.ScramLoginModule\u0020required;"
PLAIN_LOGIN = (r"org.apache.kafka.common.security.plain.PlainLoginModule\u0020required"
               rf'\u0020user_{USER}="{PASSWORD}";')

# Name -> protocol. MUTUAL asks for the client's certificate; OTHER and EXPIRED show certificates that do not hold.
LISTENERS = {"TLS": "SSL", "MUTUAL": "SSL", "OTHER": "SSL", "EXPIRED": "SSL", "SECURE": "SASL_SSL", "OPEN": "SASL_PLAINTEXT"}
LOGINS = {"secure": ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), "open": ("PLAIN", "SCRAM-SHA-256")}


class SecureKafka:
    """`kafka` has the cluster's own face (a plaintext listener); address(NAME) is that of one of LISTENERS."""

    def __init__(self, folder: Path):
        folder.mkdir()
        self.authority = Authority(folder / "authority")
        self.stranger = Authority(folder / "stranger")
        self.client = self.authority.issue("client", USER, "DNS:client")
        self.locked_key = self.authority.lock(self.client)
        here = self.authority.issue("server", "localhost", "DNS:localhost,IP:127.0.0.1")
        other = self.authority.issue("other", "elsewhere.example", "DNS:elsewhere.example")
        expired = self.authority.issue("expired", "localhost", "DNS:localhost,IP:127.0.0.1", days=-1)
        settings = [f"ssl.truststore.type=PEM ssl.truststore.location={self.authority.certificate} ssl.keystore.type=PEM",
                    f"ssl.keystore.location={here}", "listener.name.mutual.ssl.client.auth=required",
                    f"listener.name.other.ssl.keystore.type=PEM listener.name.other.ssl.keystore.location={other}",
                    f"listener.name.expired.ssl.keystore.type=PEM listener.name.expired.ssl.keystore.location={expired}"]
        for listener, mechanisms in LOGINS.items():
            settings += [f"listener.name.{listener}.sasl.enabled.mechanisms={','.join(mechanisms)}"]
            settings += [f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config="
                         + (PLAIN_LOGIN if mechanism == "PLAIN" else SCRAM_LOGIN) for mechanism in mechanisms]
        self.kafka = Kafka(folder / "kafka", " ".join(settings), KAFKA_SCRAM=SCRAM, KAFKA_HEAP="-Xms256m -Xmx256m",
                           KAFKA_LISTENERS=" ".join(":".join(item) for item in LISTENERS.items()))
        self.kafka.start()
        self._addresses = {name: self.kafka.listener(name) for name in LISTENERS}

    def address(self, listener: str) -> str:
        return self._addresses[listener]

    def tls(self) -> dict[str, str]:
        return {"security.protocol": "SSL", "ssl.ca.location": str(self.authority.certificate)}

    def mutual(self) -> dict[str, str]:
        """With a certificate of the client's, its key under a password."""
        return self.tls() | {"ssl.certificate.location": str(self.client), "ssl.key.location": str(self.locked_key),
                             "ssl.key.password": KEY_PASSWORD}

    def sasl(self, mechanism: str, tls: bool = True) -> dict[str, str]:
        transport = self.tls() | {"security.protocol": "SASL_SSL"} if tls else {"security.protocol": "SASL_PLAINTEXT"}
        return transport | {"sasl.mechanisms": mechanism, "sasl.username": USER, "sasl.password": PASSWORD}
