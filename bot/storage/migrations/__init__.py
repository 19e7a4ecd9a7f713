"""The steps that bring a database to the schema of `bot.storage.schema.residents_and_cases`."""
