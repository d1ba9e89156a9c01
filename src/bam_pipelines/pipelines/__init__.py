"""The stages: Kedro pipelines that connect science to the catalog and hold no numerics."""
