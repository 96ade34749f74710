"""The dbt project on Apache Spark: a program of its own, in an environment of its own (docs/second_engine.md)."""
