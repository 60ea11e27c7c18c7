"""examples/driven_data/docker-compose.yml, as far as it can be tried without a container engine: docker-compose reads it,
the image's own program turns its variables into settings, Kafka runs with them."""
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from harness.kafka import Kafka
from harness.paths import EXAMPLES, KAFKA_JARS, TOOLS, patience
from harness.ports import free_ports

FILE = EXAMPLES / "docker-compose.yml"
# Scripts of the image's /opt/kafka/bin -> what they run.
SCRIPTS = {"kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
           "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
           "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
           "kafka-broker-api-versions.sh": "org.apache.kafka.tools.BrokerApiVersionsCommand"}


def compose_config(file: Path) -> subprocess.CompletedProcess:
    """What Debian's docker-compose makes of a file; it holds it against the compose-spec JSON schema."""
    return subprocess.run(["docker-compose", "-f", file, "config"], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def project() -> dict:
    read = compose_config(FILE)
    assert (read.returncode, read.stderr) == (0, ""), read
    # The YAML library that docker-compose came with.
    as_json = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    return json.loads(subprocess.run(["/usr/bin/python3", "-c", as_json], input=read.stdout, capture_output=True, text=True,
                                     check=True).stdout)


@pytest.mark.parametrize("mistake", [("healthcheck:", "health_check:"), ("condition: service_healthy", "condition: healthy"),
                                     ("127.0.0.1:9092:9092", "127.0.0.1:9092:kafka")])
def test_docker_compose_would_tell(tmp_path, mistake):
    file = tmp_path / "docker-compose.yml"
    file.write_text(FILE.read_text().replace(*mistake))
    assert file.read_text() != FILE.read_text()
    assert compose_config(file).returncode != 0


def test_services(project):
    assert set(project["services"]) == {"kafka", "postgres", "pgadmin"}
    assert set(project["networks"]) == {"drivenDataNetwork"}
    for name, service in project["services"].items():
        repository, _, tag = service["image"].partition(":")
        assert repository and re.match(r"\d", tag), f"{name} is not pinned: {service['image']}"
        assert service["ports"] and all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert set(service["networks"]) == {"drivenDataNetwork"}, name
        assert service["healthcheck"]["test"][0] == "CMD-SHELL", name
        assert any(volume.partition(":")[0] in project["volumes"] for volume in service["volumes"]), f"{name} keeps no data"


def test_chapters_credentials_and_pgadmins_server(project):
    """credentials.json reaches the database from this machine, pgAdmin from its container."""
    postgres, pgadmin = project["services"]["postgres"], project["services"]["pgadmin"]
    made = postgres["environment"]
    credentials = json.loads((EXAMPLES / "credentials.json").read_text())
    assert credentials == {"dbname": made["POSTGRES_DB"], "user": made["POSTGRES_USER"], "password": made["POSTGRES_PASSWORD"],
                           "host": "localhost", "port": "5432"}
    assert postgres["ports"] == [f"127.0.0.1:{credentials['port']}:5432/tcp"]

    (server,) = json.loads((EXAMPLES / "servers.json").read_text())["Servers"].values()
    assert (server["Host"], server["Port"]) == ("postgres", 5432)
    assert (server["MaintenanceDB"], server["Username"]) == (made["POSTGRES_DB"], made["POSTGRES_USER"])
    assert {"Name", "Group", "SSLMode"} < set(server)
    assert f"{EXAMPLES / 'servers.json'}:/pgadmin4/servers.json:ro" in pgadmin["volumes"]
    assert pgadmin["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_postgres_health_check(project, postgres):
    test = project["services"]["postgres"]["healthcheck"]["test"][1]
    assert shlex.split(test)[0] == "pg_isready"
    subprocess.run([*shlex.split(test), "-h", "127.0.0.1", "-p", str(postgres.port)], check=True)


class ImagesKafka:
    """Kafka with the settings that the image's own program (kafka.docker, in Kafka's jar) makes of the variables; only the
    ports, the folder and the interface are this machine's."""

    def __init__(self, environment: dict[str, str], folder: Path):
        self.ports = self._free_ports(environment)
        variables = {name: self.here(value) for name, value in environment.items() if name.startswith("KAFKA_")}
        variables["KAFKA_LISTENERS"] = variables["KAFKA_LISTENERS"].replace("://:", "://127.0.0.1:")
        variables["KAFKA_LOG_DIRS"] = str(folder / "data")
        for name in ("default", "mounted", "final"):
            (folder / name).mkdir(parents=True)
        setup = [word for name in ("default", "mounted", "final") for word in (f"--{name}-configs-dir", str(folder / name))]
        # The image sets CLUSTER_ID where nobody does.
        done = subprocess.run(["java", "-cp", f"{KAFKA_JARS}/*", "kafka.docker.KafkaDockerWrapper", "setup", *setup],
                              env={"PATH": os.environ["PATH"], "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw"} | variables,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.settings = (folder / "final" / "server.properties").read_text()
        self.server = Kafka(folder, KAFKA_FILE=str(folder / "final" / "server.properties"), KAFKA_PORT=self.ports["9092"])
        self.server.start()

    @staticmethod
    def _free_ports(environment: dict[str, str]) -> dict[str, str]:
        wanted = sorted(set(re.findall(r":(\d+)", environment["KAFKA_LISTENERS"])))
        first = free_ports(len(wanted))
        return {port: str(first + i) for i, port in enumerate(wanted)}

    def here(self, text: str) -> str:
        """With this machine's ports."""
        return re.sub(r":(\d+)\b", lambda found: f":{self.ports.get(found[1], found[1])}", text)

    def script(self, line: str, stdin: str = "") -> str:
        """A line as a terminal of the container would take it: a script of Kafka's by its bare name."""
        name, *arguments = shlex.split(self.here(line))
        assert name in SCRIPTS, f"{name} is no script of Kafka's"
        return subprocess.run([TOOLS / "kafka", "tool", SCRIPTS[name], *arguments], input=stdin, capture_output=True,
                              text=True, check=True, timeout=60 * patience()).stdout


@pytest.mark.slow
def test_kafka_as_the_image_would_run_it(project, scratch, tool):
    """The chapter's lines, with the container's id in front of them, and weir from outside."""
    kafka = project["services"]["kafka"]
    path = kafka["environment"]["PATH"].split(":")
    assert path[0] == "/opt/kafka/bin" and {"/opt/java/openjdk/bin", "/usr/bin", "/bin"} < set(path)
    image = ImagesKafka(kafka["environment"], scratch / "image")
    try:
        assert "auto.create.topics.enable=false" in image.settings and "process.roles=broker,controller" in image.settings
        health = kafka["healthcheck"]["test"][1]
        assert health.endswith(" > /dev/null")
        assert "Produce" in image.script(health.removesuffix(" > /dev/null"))

        assert image.script("kafka-topics.sh --bootstrap-server localhost:9092 --list").split() == []
        image.script("kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 1 --partitions 3 "
                     "--topic driven_data_stream")
        brokers = ("-b", image.here("localhost:9092"))
        assert tool.ok("topic", "list", *brokers, "-q", stdin="").count("driven_data_stream") == 1
        image.script("kafka-console-producer.sh --bootstrap-server localhost:9092 --topic driven_data_stream", "Hellow\n")
        assert tool.ok("consume", "driven_data_stream", *brokers, "-o", "beginning", "-e", "-q") == b"Hellow\n"
        tool.ok("topic", "create", "by_weir", "--partitions", "3", "--replication-factor", "1", *brokers)
        tool.ok("produce", "by_weir", *brokers, stdin=b"Hellow from weir\n")
        theirs = image.script("kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic by_weir --from-beginning "
                              "--max-messages 1")
        assert theirs == "Hellow from weir\n"
    finally:
        image.server.kill()
