"""Makes a database by migrations, whose templates alembic has beside its modules."""
import pathlib
import tempfile

import sqlalchemy
from alembic import command
from alembic.config import Config


def main():
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/db"
        config = Config(folder + "/alembic.ini", stdout=open("/dev/null", "w"))
        command.init(config, folder + "/migrations")
        config.set_main_option("script_location", folder + "/migrations")
        config.set_main_option("sqlalchemy.url", url)
        revision = command.revision(config, "users", rev_id="1")
        script = pathlib.Path(revision.path)
        script.write_text(script.read_text().replace(
            "    pass", "    op.create_table('users', sa.Column('name', sa.String()))", 1))
        command.upgrade(config, "head")
        with sqlalchemy.create_engine(url).connect() as database:
            print(sorted(sqlalchemy.inspect(database).get_table_names()))
