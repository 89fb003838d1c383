"""The PostgreSQL of the tests: fresh, durable, shared, restartable."""

from __future__ import annotations

import psycopg
import pytest


def test_every_test_gets_an_empty_database_of_its_own(postgres_databases):
    first, second = postgres_databases.create(), postgres_databases.create()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE seen (id int)")
    with psycopg.connect(second) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)
    for url in (first, second):
        postgres_databases.drop(url)


def test_commits_are_durable_as_they_are_in_production(postgres_url):
    with psycopg.connect(postgres_url) as connection:
        durable = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
    assert durable == ["on", "on"]


def test_a_template_is_built_once_and_copied(postgres_databases):
    built = []

    def build(url):
        built.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")

    for _ in range(2):
        postgres_databases.template("once", build)
    copy = postgres_databases.create("once")
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    assert len(built) <= 1
    postgres_databases.drop(copy)


def test_an_own_server_survives_a_crash_with_what_was_committed(own_postgres):
    with psycopg.connect(own_postgres.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    port = own_postgres.port
    own_postgres.restart("immediate")
    assert own_postgres.port == port
    with psycopg.connect(own_postgres.url()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)


def test_an_address_without_the_password_is_refused(postgres_url):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres_url.replace("runner:", "runner:x", 1))
