"""What tests/bench/ingest is made of: a stage of Kafka and PostgreSQL, one module for each kind of measurement, a table."""
