"""The chapter's consumer, as it stands there: what `weir ingest` replaces, and what the tests hold beside it."""
import json
import psycopg2
from kafka import KafkaConsumer


def read_credentials(file_path: str) -> dict:
    with open(file_path, 'r') as file:
        credentials = json.load(file)
    return credentials


def read_sql(file_path: str) -> str:
    with open(file_path, 'r') as sql_file:
        sql_query = sql_file.read()
    return sql_query


def create_consumer(topic: str) -> KafkaConsumer:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=['localhost:9092'],
        value_deserializer=lambda v: json.loads(v.decode('utf-8')),
        auto_offset_reset='earliest',
        enable_auto_commit=True
    )
    return consumer


def connect_db(credentials: dict) -> psycopg2.connect:
    conn = psycopg2.connect(
        dbname=credentials['dbname'],
        user=credentials['user'],
        password=credentials['password'],
        host=credentials['host'],
        port=credentials['port']
    )
    return conn


def create_object(conn: psycopg2.connect, creation_query: str) -> None:
    cursor = conn.cursor()
    cursor.execute(creation_query)
    conn.commit()


def consume_data(conn: psycopg2.connect, consumer: KafkaConsumer, table_name: str) -> None:
    cursor = conn.cursor()
    for message in consumer:
        data = message.value
        columns = data.keys()
        values = [data.get(col) for col in columns]
        query = f"INSERT INTO {table_name} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"
        cursor.execute(query, values)
        conn.commit()
    cursor.close()
    conn.close()


if __name__ == "__main__":
    credentials_path = "credentials.json"
    schema_path = "create_schema.sql"
    table_path = "create_table.sql"
    topic = "driven_data_stream"
    table_name = "streaming_layer.streaming_data"
    credentials = read_credentials(credentials_path)
    connection = connect_db(credentials)
    consumer = create_consumer(topic)
    schema_query = read_sql(schema_path)
    schema = create_object(connection, schema_query)
    table_query = read_sql(table_path)
    table = create_object(connection, table_query)
    consume_data(connection, consumer, table_name)
