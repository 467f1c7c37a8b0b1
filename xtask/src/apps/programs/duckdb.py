"""Asks a database in the process."""
import duckdb


def main():
    print(duckdb.sql("select sum(n) from range(10) as numbers(n)").fetchall())
