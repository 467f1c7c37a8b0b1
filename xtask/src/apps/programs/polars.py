"""Groups a table in threads of Rust."""
import polars


def main():
    frame = polars.DataFrame({"kind": ["a", "b", "a"], "count": [1, 2, 3]})
    print(frame.lazy().group_by("kind").agg(polars.col("count").sum()).sort("kind").collect().to_dicts())
