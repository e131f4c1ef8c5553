"""`keys`, `log`, `db` and `ledger`: the ledger for whoever looks after the machine that it is on."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from service.cli.console import BROKEN, Session, Unusable, command, fail, print_lines
from service.cli.layout import titled

if TYPE_CHECKING:
    from service.ledger.database import Ledger

_PATH: Final = click.Path(path_type=Path)
_CHINA: Final = timezone(timedelta(hours=8))
_ROLES: Final = ("proposer", "approver", "auditor", "admin")


@contextmanager
def opened() -> Iterator[Ledger]:
    """Open the ledger at DATABASE_URL for one command."""
    from service.ledger.opening import open_ledger

    ledger = open_ledger(_url())
    try:
        yield ledger
    finally:
        ledger.close()


def _url() -> str | None:
    from service.config import Config

    return Config.from_environment().database_url


def user() -> str:
    """Name whoever is logged in: the log tells who did what on the machine itself."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "console"


@click.group()
def keys() -> None:
    """API 密钥 · API keys: who may propose, decide, or only read."""


@keys.command("create")
@click.argument("person", metavar="NAME")
@click.option("--role", type=click.Choice(_ROLES), required=True, help="角色 · role")
@click.option("--expires", metavar="YYYY-MM-DD", help="有效至该日止 · the last day on which it works")
@command
def create(session: Session, person: str, role: str, expires: str | None) -> None:
    """为某人创建密钥，只显示一次 · Create a key for a person; it is shown once."""
    from service.ledger.keys import create_key

    until = None if expires is None else _end_of(expires, session)
    with opened() as ledger:
        key_id, token = create_key(ledger, person, role, user(), until)
    click.echo(session.say("key_created", id=key_id, person=person, role=role), err=True)
    click.echo(token)


def _end_of(day: str, session: Session) -> datetime:
    """Return the end of a day in China."""
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise Unusable(session.say("day_form", given=day)) from None
    return datetime.combine(last, time(), _CHINA) + timedelta(days=1)


@keys.command("list")
@command
def list_all(session: Session) -> None:
    """列出所有密钥 · List all keys."""
    from service.ledger.keys import list_keys
    from service.ledger.log import now

    with opened() as ledger:
        found = list_keys(ledger)
    title = [session.say(name) for name in ("key_id", "person", "role", "created", "expires", "key_state")]
    rows = [
        [row.id, row.person, row.role, row.created_at, row.expires or "–", session.say(_state(row, now()))]
        for row in found
    ]
    print_lines(titled(title, rows) if rows else [session.say("no_keys")])


def _state(row: Any, now: str) -> str:
    if row.revoked_by is not None:
        return "revoked"
    return "expired" if row.expires is not None and row.expires <= now else "valid"


@keys.command("revoke")
@click.argument("named", metavar="ID|NAME")
@command
def revoke(session: Session, named: str) -> None:
    """吊销一个密钥，或某人的全部密钥 · Revoke a key, or all keys of a person."""
    from service.ledger.keys import revoke_keys

    with opened() as ledger:
        revoked = revoke_keys(ledger, named, user())
    print_lines(session.say("key_revoked", id=key_id) for key_id in revoked)


@click.group()
def log() -> None:
    """日志 · The log: every change, chained by hashes.

    网页的登录、退出也在其中（何人、何时，不含密钥）· so is signing in to the pages and out: who, when, never
    the key.
    """


@log.command("verify")
@click.option("--checkpoint", metavar="SEQ:HASH", help="另行保存的检查点 · a checkpoint that was kept elsewhere")
@command
def verify_log(session: Session, checkpoint: str | None) -> None:
    """逐条核对日志与全部数据 · Check every entry and every row.

    退出码 · exit codes: 0 全部相符 everything fits, 1 有不符 something does not
    """
    from service.ledger.log import read_head
    from service.ledger.verifying import in_words, verify

    kept = None if checkpoint is None else read_head(checkpoint)
    with opened() as ledger:
        found = verify(ledger, kept)
    if found.flaw is not None:
        fail([session.say("flaw", seq=found.flaw.seq, what=in_words(found.flaw, session.language))], BROKEN)
    click.echo(session.say("verified", entries=found.entries, seq=found.head.seq, hash=found.head.hash))


@log.command("checkpoint")
@command
def print_checkpoint(session: Session) -> None:
    """打印检查点，请另行保存 · Print a checkpoint, to be kept elsewhere."""
    from service.ledger.log import head_of

    with opened() as ledger, ledger.reading() as connection:
        head = head_of(connection)
    click.echo(f"{head.seq}:{head.hash}")
    click.echo(session.say("keep_checkpoint"), err=True)


@log.command("export")
@click.option("-o", "--output", "target", type=click.File("wb"), default="-", metavar="FILE", help="NDJSON")
@command
def export(_: Session, target: Any) -> None:
    """导出日志及其全部数据，每行一条 · Export the log with all rows, an entry per line."""
    import orjson

    from service.ledger.log import told
    from service.ledger.verifying import committed

    with opened() as ledger, ledger.reading() as connection:
        for entry, rows in committed(connection):
            target.write(orjson.dumps({**told(entry), "rows": rows}) + b"\n")


@log.command("verify-file")
@click.argument("file", metavar="FILE", type=_PATH)
@click.option("--alone", is_flag=True, help="不与台账比对 · without the ledger")
@command
def verify_file(session: Session, file: Path, *, alone: bool) -> None:
    """核对一份决定文件 · Check a file that `export decision` wrote.

    重算其中每个校验码和金额，并与台账逐条比对 · every hash and the amount are computed again, and compared
    with the ledger.
    退出码 · exit codes: 0 全部相符 everything fits, 1 有不符 something does not, 2 无法读取 it cannot be read
    """
    from service.ledger.exports.decision import flaws_of, read_decision, strays_of

    decision = read_decision(file.read_bytes())
    flaws = list(flaws_of(decision, session.policies))
    if not alone:
        with opened() as ledger, ledger.reading() as connection:
            flaws += strays_of(connection, decision)
    if flaws:
        fail([session.say(code, **facts) for code, facts in flaws], BROKEN)
    code = "file_verified_alone" if alone else "file_verified"
    click.echo(session.say(code, grant=decision["grant"]["id"], hash=decision["sha256"]))


@click.group()
def db() -> None:
    """台账数据库 · The ledger's database [DATABASE_URL, else data/town-subsidy.sqlite]."""


@db.command("upgrade")
@command
def upgrade(session: Session) -> None:
    """建立台账或升级其结构 · Create the ledger, or bring its schema up to date."""
    from service.ledger.opening import open_ledger
    from service.ledger.schema import REVISION

    open_ledger(_url(), upgrade=True).close()
    click.echo(session.say("upgraded", revision=REVISION))


@db.command("check")
@command
def check(session: Session) -> None:
    """检查台账结构 · Check that the schema is the one of this release."""
    from service.ledger.opening import check_schema, open_ledger
    from service.ledger.schema import REVISION

    ledger = open_ledger(_url(), upgrade=False)
    check_schema(ledger.engine)
    click.echo(session.say("schema_ok", revision=REVISION))


@db.command("backup")
@click.argument("target", metavar="FILE", type=_PATH)
@command
def backup(session: Session, target: Path) -> None:
    """在线备份并核对 · Back up while the service runs, and verify the copy."""
    from service.ledger.backup import back_up

    with opened() as ledger:
        head = back_up(ledger, target)
    click.echo(session.say("backed_up", file=target, seq=head.seq, hash=head.hash))


@db.command("restore")
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--force", is_flag=True, help="放弃备份之后的记录 · give up what was written after the backup")
@command
def restore_backup(session: Session, source: Path, *, force: bool) -> None:
    """核对备份后恢复 · Verify a backup and put it in the ledger's place."""
    from service.ledger.backup import restore

    head = restore(_url(), source, force=force)
    click.echo(session.say("restored", file=source, seq=head.seq, hash=head.hash))


@click.group()
def ledger() -> None:
    """拨付台账 · The ledger of grants."""


@ledger.command("import-history")
@click.argument("file", metavar="FILE", type=_PATH)
@click.option("--measure", required=True, help="措施 · the measure")
@click.option("--policy", metavar="REF", help="只按此政策版本 · only this version")
@command
def import_earlier(session: Session, file: Path, measure: str, policy: str | None) -> None:
    """导入启用台账之前已发放的清单 · Import what was granted before there was a ledger.

    FILE 的列与批量计算相同，另加一列补助金额 · the columns of a batch, and the amount that was granted.
    """
    from service.ledger.history import import_history
    from service.money import yuan

    with opened() as open_one:
        found = import_history(open_one, session.policies, file, measure, user(), policy)
    amount = yuan(found.amount, grouped=True)
    click.echo(session.say("imported", rows=f"{found.rows:,}", amount=amount, groups=f"{len(found.taken):,}"))
