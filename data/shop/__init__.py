"""The sample shop: tables and the code that turns them into files."""
