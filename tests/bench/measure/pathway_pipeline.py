"""Pathway from a topic into a table: pathway_pipeline.py SETTINGS.json. Runs until it is ended."""
import json
import sys

import pathway as pw


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        settings = json.load(file)
    integers = set(settings["integers"])
    schema = pw.schema_from_types(**{name: int if name in integers else str for name in settings["columns"]})
    kafka = {"bootstrap.servers": settings["brokers"], "group.id": "bench_pathway", "auto.offset.reset": "earliest"}
    records = pw.io.kafka.read(kafka, topic=settings["topic"], schema=schema, format="json", autocommit_duration_ms=500)
    pw.io.postgres.write(records, settings["postgres"], settings["table"])
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)


main()
