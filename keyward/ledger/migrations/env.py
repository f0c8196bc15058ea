"""Run by Alembic: the caller brings a connection with an open transaction and ends it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
