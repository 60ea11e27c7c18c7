"""What crashes and interleavings may not do: lose a record, or store one twice.

Each test lets a load of records come in while something dies, hangs or steps in between, waits until everything is
stored, and holds table and books against what Kafka acknowledged (harness/invariant.py)."""
import os
import random
import signal
import time

import pytest
from confluent_kafka import Consumer

from harness.crash import (IN_COPY, IN_TRANSACTION, PER_S, WAITS_FOR_LOCK, backends, epochs, finish, freeze,
                           kill_cycles, stored, terminate, wait_rows)
from harness.invariant import invariant, offsets
from harness.load import Load
from harness.paths import patience
from harness.proxy import Cut
from harness.records import chapter_records
from harness.wait import wait_until
from harness.weir import Weir, pipeline_name

SESSION_S = 6  # the shortest that Kafka grants; a frozen member's partitions are free when it is over
SHORT_SESSION = ("-X", f"session.timeout.ms={SESSION_S * 1000}")


# Processes that die


@pytest.mark.crash
@pytest.mark.slow
def test_kill_ingest_at_random_moments(kafka, topic, database, weir):
    with Load(kafka, topic, PER_S) as load:
        kill_cycles(weir, database, topic, cycles=5, within_s=6)
        sent = load.stop()
    weir.run(topic)
    invariant(database, topic, sent)


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("dies", ["server", "backend"])
def test_kill_postgres_under_load(kafka, topic, database, weir, postgres, dies):
    with Load(kafka, topic, PER_S) as load:
        ingest = weir.ingest(topic)
        for _ in range(3):
            wait_rows(database, topic, stored(database, topic), ingest)
            time.sleep(random.uniform(0, 0.3))
            if dies == "server":
                postgres.kill()
                time.sleep(random.uniform(0, 1))
                postgres.start()
            else:
                os.kill(random.choice(wait_until(lambda: backends(database))), signal.SIGKILL)
        sent = load.stop()
    finish(database, topic, sent, ingest)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["restart", "kill"])
def test_kafka_goes_away_under_load(kafka, topic, database, weir, how):
    with Load(kafka, topic, PER_S // 2) as load:
        ingest = weir.ingest(topic)
        wait_rows(database, topic, 0, ingest)
        kafka.restart() if how == "restart" else (kafka.kill(), kafka.start())
        wait_rows(database, topic, len(load.sent), ingest, timeout_s=60)
        sent = load.stop()
    finish(database, topic, sent, ingest)


@pytest.mark.slow
def test_kafka_away_for_longer_than_the_session(kafka, topic, database, weir):
    """The group forgets its members meanwhile, and what they asked of it before must not throw them out."""
    with Load(kafka, topic, PER_S // 2) as load:
        ingest = weir.ingest(topic, *SHORT_SESSION)
        wait_rows(database, topic, PER_S, ingest)
        kafka.kill()
        time.sleep(8)
        kafka.start()
        wait_rows(database, topic, len(load.sent), ingest, timeout_s=60)
        sent = load.stop()
    finish(database, topic, sent, ingest)
    assert "Offset commit" not in ingest.stderr, "a commit that waits out an outage may throw its own member out"


@pytest.mark.slow
def test_a_group_that_does_not_answer_is_named(kafka, topic, database, weir):
    """A member that holds partitions and does not poll: the coordinator waits for it, and all others with it."""
    group = f"group of {topic}"
    sent = kafka.produce(topic, chapter_records(100))
    stuck = Consumer({"bootstrap.servers": kafka.address, "group.id": group, "log_level": 0})
    stuck.subscribe([topic])
    wait_until(lambda: stuck.poll(0.1) is None and stuck.assignment(), what="the partitions at the other member")
    ingest = weir.ingest(topic, "--group", group)
    ingest.says(f"the group {group} has not answered for 15 s")
    assert database.count() == 0
    stuck.close()
    finish(database, topic, sent, ingest)


@pytest.mark.crash
def test_thrown_out_for_a_member_of_its_own_name_it_joins_again(kafka, topic, database, weir):
    """What a request from before an outage does that comes behind the new joining."""
    group = f"group of {topic}"
    with Load(kafka, topic, PER_S) as load:
        ingest = weir.ingest(topic, "--group", group)
        wait_rows(database, topic, 0, ingest)
        members = kafka.admin.describe_consumer_groups([group])[group].result(30).members
        rival = Consumer({"bootstrap.servers": kafka.address, "group.id": group, "log_level": 0,
                          "group.instance.id": members[0].group_instance_id})
        rival.subscribe([topic])
        wait_until(lambda: rival.poll(0.1) and rival.assignment(), what="the rival to take the member's place")
        ingest.says("joining again")
        rival.close()
        wait_rows(database, topic, len(load.sent), ingest)
        sent = load.stop()
    finish(database, topic, sent, ingest)


@pytest.mark.crash
def test_backends_terminated_in_mid_transaction(kafka, topic, database, weir):
    with Load(kafka, topic, PER_S) as load:
        ingest = weir.ingest(topic)
        ended = 0
        for _ in range(5):
            wait_rows(database, topic, stored(database, topic), ingest)
            busy = wait_until(lambda: backends(database, IN_TRANSACTION), every_s=0)
            ended += sum(terminate(database, pid) for pid in busy)
        for pid in backends(database):
            terminate(database, pid)
        sent = load.stop()
    assert ended >= 5
    finish(database, topic, sent, ingest)


@pytest.mark.crash
def test_interrupted_under_load_it_ends_at_once_and_well(kafka, topic, database, weir):
    with Load(kafka, topic, PER_S) as load:
        ingest = weir.ingest(topic)
        wait_rows(database, topic, PER_S // 4, ingest)
        begun = time.monotonic()
        ingest.signal(signal.SIGINT)
        assert ingest.wait() == 0, ingest
        print(f"ended after {time.monotonic() - begun:.2f} s")
        assert time.monotonic() - begun < 3 * patience()
        sent = load.stop()
    before = stored(database, topic)
    assert weir.run(topic)["rows"] == len(sent) - before
    invariant(database, topic, sent)


def test_interrupted_while_the_table_is_locked_it_leaves_all_the_same(kafka, topic, database, weir):
    ingest = weir.ingest(topic)
    sent = kafka.produce(topic, chapter_records(100))
    wait_rows(database, topic, len(sent) - 1, ingest)
    with database.connect(autocommit=False) as stranger:
        stranger.execute("LOCK TABLE streaming_layer.streaming_data")
        sent += kafka.produce(topic, chapter_records(100))
        wait_until(lambda: backends(database, WAITS_FOR_LOCK), what="ingest to wait for the table")
        ingest.signal(signal.SIGINT)
        assert ingest.wait(5) == 0
        assert "nothing is lost" in ingest.stderr, ingest
    assert weir.run(topic)["rows"] == 100
    invariant(database, topic, sent)


# The connection cut at COMMIT


BATCH = 1_000


def cut_one(kafka, topic, database, proxy, ingest, sent, where, refuse=True, **how) -> bool:
    """Sends a batch of records whose COMMIT is cut; whether it was committed all the same. With `refuse` the process
    finds no way back to the database until that is known."""
    before = stored(database, topic)
    cuts = proxy.cuts
    proxy.cut(where, **how)
    proxy.refuse_after_cut = refuse
    sent += kafka.produce(topic, chapter_records(BATCH))
    proxy.wait_cut(cuts + 1)
    if not refuse:
        return False
    wait_until(lambda: not backends(database, IN_TRANSACTION), what="the cut connection's transaction to end")
    committed = stored(database, topic) > before
    proxy.refuse(False)
    wait_rows(database, topic, len(sent) - 1, ingest)
    return committed


@pytest.fixture
def through_proxy(kafka, topic, database, weir, proxy, tmp_path):
    """An ingest that reaches the database through the proxy and gathers what comes within 300 ms into one batch."""
    ingest = weir.ingest(topic, "--max-delay", "300ms", "--lanes", "1",
                         database=database.credentials(tmp_path, port=proxy.port))
    sent = kafka.produce(topic, chapter_records(10))
    wait_rows(database, topic, len(sent) - 1, ingest)
    return ingest, sent


@pytest.mark.crash
@pytest.mark.parametrize("where", [Cut.BEFORE, Cut.HALF, Cut.IN, Cut.AFTER], ids=lambda cut: cut.name)
def test_connection_cut_around_commit(kafka, topic, database, proxy, through_proxy, where):
    ingest, sent = through_proxy
    outcomes = [cut_one(kafka, topic, database, proxy, ingest, sent, where) for _ in range(3)]
    if where is Cut.AFTER:
        assert outcomes == [True] * 3, "the answer was lost, not the COMMIT"
    if where in (Cut.BEFORE, Cut.HALF):
        assert outcomes == [False] * 3
    assert proxy.cuts == 3
    finish(database, topic, sent, ingest)
    assert ingest.stderr.count("the batch under way had been committed") == outcomes.count(True), ingest
    assert ingest.stderr.count("the batch under way is committed now") == outcomes.count(False), ingest


@pytest.mark.crash
@pytest.mark.parametrize("committed", [True, False])
def test_lost_transaction_still_open_when_the_process_comes_back(kafka, topic, database, proxy, through_proxy, committed):
    """The old backend holds the offset rows and has not committed yet: it is waited for, and after 2 s ended."""
    ingest, sent = through_proxy
    cut_one(kafka, topic, database, proxy, ingest, sent, Cut.HELD, refuse=False, hold_s=60)
    wait_until(lambda: backends(database, WAITS_FOR_LOCK), what="ingest to wait for the rows", every_s=0.01)
    if committed:
        proxy.release()
    else:
        ingest.says("ended backend")
    finish(database, topic, sent, ingest)
    assert proxy.cuts == 1
    assert (f"the batch under way {'had been' if committed else 'is'} committed" in ingest.stderr), ingest
    assert ("ended backend" in ingest.stderr) is not committed, ingest


def test_a_batch_tried_again_counts_once_in_the_dead_share(kafka, topic, database, proxy, weir, tmp_path):
    """6,000 dead letters are fewer than the 10,000 records from which on the share is judged."""
    ingest = weir.ingest(topic, "--max-delay", "2s", "--lanes", "1",
                         database=database.credentials(tmp_path, port=proxy.port))
    ingest.says("reading")
    for _ in range(2):
        cuts = proxy.cuts
        proxy.cut(Cut.BEFORE, after_copy=False)
        if cuts == 0:
            kafka.produce(topic, [b"not JSON"] * 6_000)
        proxy.wait_cut(cuts + 1)
    sent = kafka.produce(topic, chapter_records(10))
    wait_rows(database, topic, 9, ingest)
    assert ingest.stop() == 0
    assert invariant(database, topic, sent) == {"rows": 10, "dead": 6_000, "filtered": 0, "tombstones": 0,
                                                "suppressed": 0, "absent": 0}


# Who may write


@pytest.mark.crash
@pytest.mark.slow
def test_frozen_in_mid_copy_while_another_takes_over(kafka, topic, database, weir):
    database.tell_of_waits()
    with Load(kafka, topic, PER_S) as load:
        first = weir.ingest(topic, *SHORT_SESSION)
        wait_rows(database, topic, 0, first)
        freeze(first, database, IN_COPY)
        held = backends(database, IN_COPY)
        before = epochs(database, topic)

        second = weir.ingest(topic)
        second.says("ended backend", timeout_s=SESSION_S + 15)
        wait_until(lambda: all(epoch > before[p] for p, epoch in epochs(database, topic).items()), every_s=0.1,
                   what="the second to claim every partition")
        rows = stored(database, topic)
        wait_rows(database, topic, rows, second)
        assert not set(held) & set(backends(database)), "the frozen one's backend is still there"

        first.thaw()
        first.says("has another owner")
        wait_until(lambda: "partition" in first.stderr.rpartition("reading")[2], what="the first to take part again")
        rows = stored(database, topic)
        wait_rows(database, topic, rows + PER_S, first, second)
        sent = load.stop()
    finish(database, topic, sent, first, second)


@pytest.mark.slow
def test_frozen_between_transactions_while_another_takes_over(kafka, topic, database, weir):
    """It wakes with records in its hands and a connection that still works."""
    with Load(kafka, topic, PER_S) as load:
        first = weir.ingest(topic, "--max-delay", "200ms", *SHORT_SESSION)
        wait_rows(database, topic, 0, first)
        freeze(first, database, f"NOT EXISTS (SELECT FROM pg_stat_activity b WHERE b.state <> 'idle' AND "
                                f"b.application_name LIKE 'weir:%')")
        rows = stored(database, topic)
        second = weir.ingest(topic)
        wait_rows(database, topic, rows + PER_S, second, timeout_s=SESSION_S + 15)
        first.thaw()
        rows = stored(database, topic)
        wait_rows(database, topic, rows + PER_S, first, second)
        sent = load.stop()
    finish(database, topic, sent, first, second)


@pytest.mark.crash
@pytest.mark.slow
def test_two_groups_on_one_pipeline_store_everything_once(kafka, topic, database, weir):
    """Nothing but the database stands between the two: each reads every partition."""
    with Load(kafka, topic, PER_S) as load:
        first = weir.ingest(topic, "--group", f"first of {topic}")
        wait_rows(database, topic, 0, first)
        second = weir.ingest(topic, "--group", f"second of {topic}")
        second.says("reading")
        rows = stored(database, topic)
        wait_rows(database, topic, rows + 5 * PER_S, first, second)
        sent = load.stop()
    wait_rows(database, topic, len(sent) - 1, first, second)
    for process in (first, second):
        process.stop()
        assert "bug" not in process.stderr, process
    assert invariant(database, topic, sent)["rows"] == len(sent)
    assert "was claimed by another process" in first.stderr, first


@pytest.mark.crash
def test_a_late_claim_of_somebody_else_is_taken_back(kafka, topic, database, weir):
    """What a process does that was frozen between the group's word and its claim, and then goes away."""
    ingest = weir.ingest(topic)
    sent = kafka.produce(topic, chapter_records(100))
    wait_rows(database, topic, len(sent) - 1, ingest)
    before = epochs(database, topic)
    database.execute("UPDATE weir.offsets SET owner_epoch = owner_epoch + 1")
    sent += kafka.produce(topic, chapter_records(100))
    finish(database, topic, sent, ingest)
    assert epochs(database, topic) == {partition: epoch + 2 for partition, epoch in before.items()}


def test_a_row_held_by_a_stranger_is_waited_for_and_named(kafka, topic, database, weir):
    sent = kafka.produce(topic, chapter_records(100))
    weir.run(topic)
    with database.connect(autocommit=False) as stranger:
        stranger.execute("SELECT FROM weir.offsets FOR UPDATE")
        pid = stranger.info.backend_pid
        ingest = weir.ingest(topic)
        sent += kafka.produce(topic, chapter_records(100))
        ingest.says(f"pg_terminate_backend({pid})", timeout_s=20)
        stranger.execute("SELECT 1")
    finish(database, topic, sent, ingest)


@pytest.mark.crash
@pytest.mark.slow
def test_members_that_come_and_go(kafka, database, weir):
    topic = kafka.create_topic(partitions=6)
    with Load(kafka, topic, PER_S) as load:
        members = [weir.ingest(topic, *SHORT_SESSION)]
        wait_rows(database, topic, 0, *members)
        for _ in range(6):
            if len(members) < 3 and (len(members) == 1 or random.random() < 0.5):
                members.append(weir.ingest(topic, *SHORT_SESSION))
            else:
                leaver = members.pop(random.randrange(len(members)))
                leaver.kill9() if random.random() < 0.5 else leaver.stop()
            time.sleep(random.uniform(0.5, 3))
        sent = load.stop()
    finish(database, topic, sent, *members)


def test_a_service_and_a_login_of_one_user_are_two_members(kafka, topic, database, weir, tmp_path):
    """Their lock files lie in different folders, so both take the first slot."""
    with Load(kafka, topic, PER_S) as load:
        first = weir.ingest(topic)
        wait_rows(database, topic, 0, first)
        (tmp_path / "login").mkdir()
        second = weir.ingest(topic, env={"XDG_RUNTIME_DIR": str(tmp_path / "login")})
        second.says("reading")
        wait_rows(database, topic, stored(database, topic) + PER_S, first, second)
        sent = load.stop()
    finish(database, topic, sent, first, second)


@pytest.mark.slow
def test_rebalance_while_the_database_is_away(kafka, topic, database, weir, proxy, tmp_path):
    """The first has a batch under way that it cannot store; when its way to the database is free again, partitions are
    the second's, or its own under a new claim."""
    with Load(kafka, topic, PER_S) as load:
        first = weir.ingest(topic, database=database.credentials(tmp_path, port=proxy.port))
        wait_rows(database, topic, 0, first)
        proxy.refuse()
        proxy.cut_all()
        rows = stored(database, topic)
        second = weir.ingest(topic)
        wait_rows(database, topic, rows + PER_S, second)
        time.sleep(5)
        proxy.refuse(False)
        rows = stored(database, topic)
        wait_rows(database, topic, rows + PER_S, first, second)
        sent = load.stop()
    finish(database, topic, sent, first, second)


@pytest.mark.slow
def test_two_processes_set_up_at_once(kafka, topic, postgres, tmp_path):
    sent = kafka.produce(topic, chapter_records(1_000))
    for attempt in range(3):
        database = postgres.create_database()
        folder = tmp_path / str(attempt)
        folder.mkdir()
        weir = Weir(kafka, database, folder)
        pair = [weir.ingest(topic, "-e") for _ in range(2)]
        for process in pair:
            assert process.wait(60) == 0, weir.report()
        assert invariant(database, topic, sent)["rows"] == len(sent)
        postgres.drop_database(database.name)


# A full disk


class TestFullDisk:
    @pytest.fixture
    def database(self, full_disk):
        return full_disk.server.create_database()

    def test_of_the_tables_is_ridden_out(self, kafka, topic, database, weir, full_disk):
        with Load(kafka, topic, PER_S) as load:
            ingest = weir.ingest(topic)
            wait_rows(database, topic, 0, ingest)
            full_disk.fill("base")
            ingest.says("No space left on device")
            time.sleep(1)
            full_disk.free()
            sent = load.stop()
        finish(database, topic, sent, ingest)

    def test_of_the_log_is_ridden_out_when_the_server_is_up_again(self, kafka, topic, database, weir, full_disk):
        """The server panics, and panics again at the end of each recovery, until there is room."""
        with Load(kafka, topic, PER_S) as load:
            ingest = weir.ingest(topic)
            wait_rows(database, topic, 0, ingest)
            full_disk.fill("pg_wal")
            ingest.says("trying again until it works")
            wait_until(lambda: full_disk.server.log.count("PANIC") > 1, what="two panics")
            full_disk.free()
            if not full_disk.server.running():
                full_disk.server.start()
            sent = load.stop()
        finish(database, topic, sent, ingest)


# A pooler


def test_through_pgbouncer_in_transaction_mode(kafka, topic, database, weir, pgbouncer, tmp_path):
    pooled = database.credentials(tmp_path, port=pgbouncer.port)
    with Load(kafka, topic, PER_S) as load:
        ingest = weir.ingest(topic, database=pooled)
        wait_rows(database, topic, 0, ingest)
        for _ in range(2):
            rows = stored(database, topic)
            for pid in wait_until(lambda: backends(database, IN_TRANSACTION), every_s=0):
                terminate(database, pid)
            wait_rows(database, topic, rows, ingest)
            ingest.kill9()
            rows = stored(database, topic)
            ingest = weir.ingest(topic, database=pooled)
            wait_rows(database, topic, rows + PER_S // 4, ingest)
        sent = load.stop()
    finish(database, topic, sent, ingest)


# Markers


def test_next_offset_is_the_position_behind_markers_and_aborted_records(kafka, topic, database, weir,
                                                                        transactional_producer):
    """Else --exit would wait for ever, and the lag would never be 0."""
    producer = transactional_producer(f"id of {topic}")
    records = list(chapter_records(20))
    for i, record in enumerate(records):
        producer.begin()
        producer.send(topic, i % 3, record.value.decode())
        producer.commit() if i % 2 == 0 else producer.abort()
    summary = weir.run(topic, timeout_s=30)
    assert summary["rows"] == 10
    assert {p["partition"]: p["next_offset"] for p in summary["partitions"]} == kafka.ends(topic)
    assert {p: row["next_offset"] for p, row in offsets(database, pipeline_name(topic), topic).items()} \
        == kafka.ends(topic)
    assert summary["rows"] + summary["absent"] == sum(kafka.ends(topic).values())
    expected = {record.unique_id for record in records[::2]}
    assert {u for u, in database.query("SELECT unique_id FROM streaming_layer.streaming_data")} == expected
