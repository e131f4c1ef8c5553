"""The sentences that only the command line says, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from service.policies.model import Language

SENTENCES: Final = {
    "between": ("、", ", "),
    "semicolon": ("；", "; "),
    "beside": ("（{what}）", " ({what})"),
    "given": ("收到 {what}", "given {what}"),
    "expected": ("应为 {what}", "expected {what}"),
    "unreadable": ("无法读取 {file}：{reason}", "cannot read {file}: {reason}"),
    "file_missing": ("没有这个文件", "there is no such file"),
    "file_is_folder": ("这是文件夹，不是文件", "it is a folder, not a file"),
    "file_forbidden": ("没有权限", "permission denied"),
    "reading_form": (
        "--reading 应写作 口径=选项，例如 ad_rate_base=excess；收到 {given}",
        "--reading is written reading=choice, such as ad_rate_base=excess; given {given}",
    ),
    # policies list
    "ref": ("版本", "version"),
    "document": ("文件", "document"),
    "in_force": ("有效期", "in force"),
    "measures": ("措施", "measures"),
    "sha256": ("校验码", "sha256"),
    "no_amounts": ("无金额", "no amounts"),
    "and_referenced": ("{computable}项，另引用{referenced}项", "{computable}, and {referenced} by other rules"),
    # policies check
    "check_ok": (
        "正确：{file}：政策版本 {versions} 个，措施 {measures} 项，引用 {referenced} 项，"
        "解释口径 {readings} 条，字段 {fields} 个",
        "OK: {file}: {versions} policy versions, {measures} measures, {referenced} by other rules, "
        "{readings} readings, {fields} fields",
    ),
    "check_broken": ("{file}：发现 {count} 处错误", "{file}: mistakes found: {count}"),
    "ends": (
        "提醒：{ref} 自 {day} 起失效，请补充后续版本",
        "warning: {ref} is no longer in force from {day}: add the version that follows",
    ),
    "undecided_in": (
        "提醒：{ref} 有 {count} 条解释口径主管部门尚未决定：{names}（见 town-subsidy policies readings）",
        "warning: {ref} has {count} readings that the bureau has not decided: {names} "
        "(see town-subsidy policies readings)",
    ),
    # policies diff
    "path": ("条款", "term"),
    "before": ("原来", "before"),
    "after": ("现在", "after"),
    "same": ("没有差别", "no difference"),
    "nothing": ("（无）", "(none)"),
    "at": ("{place}：{what}", "{place}: {what}"),
    "no_applications": ("{file} 中没有申请", "{file} holds no applications"),
    "not_json": (
        "{file}：不是 JSON 列表，也不是每行一个 JSON 对象的文件",
        "{file}: neither a JSON list nor JSON objects, one per line",
    ),
    "not_json_line": ("{file}:{line}：不是 JSON 对象", "{file}:{line}: not a JSON object"),
    "no_measure_named": ("{at}：缺少 measure", "{at}: measure is missing"),
    "no_amounts_in": ("{ref} 没有金额，无法试算", "{ref} has no amounts: nothing to calculate"),
    "measure": ("措施", "measure"),
    "town": ("专业镇", "town"),
    "lines": ("笔数", "lines"),
    "moved": ("变化（元）", "moved (yuan)"),
    "before_yuan": ("原金额（元）", "before (yuan)"),
    "after_yuan": ("新金额（元）", "after (yuan)"),
    "out_before": ("原不在有效期", "not in force before"),
    "out_after": ("新不在有效期", "not in force after"),
    "no_town": ("（未注明）", "(not named)"),
    "total": ("合计", "total"),
    "by_other_rules": (
        "另有 {count} 笔按其他规定执行，没有金额，未计入。",
        "{count} lines are paid under other rules: they have no amount and are left out.",
    ),
    "bound": (
        "另有 {count} 件申请指定了其他政策版本，未计入。",
        "{count} applications name another policy and are left out.",
    ),
    # policies readings
    "no_readings": ("没有解释口径", "no readings"),
    # policies show
    "issued": ("{issuer}  {day} 印发", "{issuer}, issued {day}"),
    "referenced": ("按其他规定执行", "Paid under other rules"),
    "not_modelled": ("不直接涉及金额的内容", "What moves no money by itself"),
    "readings_of": (
        "解释口径 {count} 条，见 town-subsidy policies readings {ref}",
        "{count} readings: see town-subsidy policies readings {ref}",
    ),
    "who": ("对象", "who"),
    "under": ("依据", "under"),
    "departments": ("部门", "departments"),
    "funding_mode": ("方式", "funding"),
    "earmark": ("用途", "earmark"),
    "materials": ("材料", "materials"),
    "inputs": ("填报项", "Inputs"),
    "conditions": ("条件", "Conditions"),
    "formula": ("计算", "Calculation"),
    "terms": ("参数", "Terms"),
    "limits": ("上限", "Limits"),
    "readings": ("解释口径", "Readings"),
    # batch
    "rows_in_out": ("{measure}：读入 {read} 行，写出 {written} 行", "{measure}: rows in {read}, out {written}"),
    "rows_of_status": ("  {status} {rows} 行", "  {status}: {rows}"),
    "sums": (
        "  计算 {calculated} 元，上限核减 {cut} 元，补助 {granted} 元",
        "  calculated {calculated}, cut by ceilings {cut}, granted {granted} yuan",
    ),
    "warned_rows": (
        "  有提示 {rows} 行，见结果的“{column}”列",
        "  rows with a warning: {rows}, see the column {column} of the result",
    ),
    "carried": ("  原样带出的列：{names}", "  columns carried through: {names}"),
    "warned": ("提醒：{place}：{what}", "warning: {place}: {what}"),
    "invalid_rows": (
        "有 {rows} 行输入有误，未计算；原因见结果的“{column}”列",
        "{rows} rows are not usable and were not calculated; the column {column} of the result says why",
    ),
    "deciding": ("计算中", "deciding"),
    # keys
    "key_created": (
        "已为 {person} 创建密钥 {id}（{role}）。下面一行只显示这一次，请妥善保存：",
        "Key {id} for {person} ({role}). The line below is shown this once: keep it safe.",
    ),
    "key_revoked": ("已吊销 {id}", "revoked {id}"),
    "no_keys": ("还没有密钥", "there are no keys yet"),
    "key_id": ("编号", "id"),
    "person": ("姓名", "person"),
    "role": ("角色", "role"),
    "created": ("创建时间（UTC）", "created (UTC)"),
    "expires": ("到期时间（UTC）", "expires (UTC)"),
    "key_state": ("状态", "state"),
    "valid": ("有效", "valid"),
    "expired": ("已过期", "expired"),
    "revoked": ("已吊销", "revoked"),
    "day_form": ("日期应写作 YYYY-MM-DD；收到 {given}", "a day is written YYYY-MM-DD; given {given}"),
    # log
    "verified": (
        "正确：共 {entries} 条，全部相符。检查点 {seq}:{hash}",
        "OK: {entries} entries, everything fits. Checkpoint {seq}:{hash}",
    ),
    "flaw": ("不符：第 {seq} 条：{what}", "does not fit: entry {seq}: {what}"),
    # batch --grant
    "no_key": (
        "拨付需要申报人的密钥：请设环境变量 TOWN_SUBSIDY_KEY，或用 --key（见 town-subsidy keys create）",
        "to grant takes a proposer's key: set TOWN_SUBSIDY_KEY, or give --key (see town-subsidy keys create)",
    ),
    "nothing_granted": (
        "未拨付任何一行。请改正后重新提交。",
        "Nothing was granted. Mend these rows and send the file again.",
    ),
    # replay
    "replayed": (
        "重新计算 {count} 笔，逐字节相同 {same} 笔",
        "computed again: {count}; byte for byte the same: {same}",
    ),
    "replayed_engine": (
        "仅引擎版本号不同 {count} 笔（数额和理由相同）",
        "the same but for the version of the engine: {count}",
    ),
    "replayed_differs": ("与台账不同 {count} 笔", "not as stored: {count}"),
    "replayed_refused": ("无法计算 {count} 笔", "cannot be computed: {count}"),
    "replay_place": ("{grant} {place}：台账 {stored}，现算 {now}", "{grant} {place}: stored {stored}, now {now}"),
    "grants": ("笔数", "grants"),
    "stored_yuan": ("台账（元）", "stored (yuan)"),
    "replayed_yuan": ("重算（元）", "replayed (yuan)"),
    "top_up": ("应补（元）", "to top up (yuan)"),
    "to_recover": ("应退（元）", "to recover (yuan)"),
    "keep_checkpoint": (
        "请另行保存，日后用 log verify --checkpoint 核对。",
        "Keep it elsewhere; log verify --checkpoint checks it later.",
    ),
    # db
    "upgraded": ("台账结构已是最新：{revision}", "the ledger's schema is up to date: {revision}"),
    "schema_ok": ("正确：台账结构 {revision}", "OK: the ledger's schema is {revision}"),
    "backed_up": (
        "已备份并核对：{file}，检查点 {seq}:{hash}",
        "backed up and verified: {file}, checkpoint {seq}:{hash}",
    ),
    "restored": ("已核对并恢复：{file}，检查点 {seq}:{hash}", "verified and restored: {file}, checkpoint {seq}:{hash}"),
    "no_ledger": (
        "台账暂不可用，计算不受影响：{why}",
        "the ledger is not available, calculations are not affected: {why}",
    ),
    # ledger
    "imported": (
        "已导入 {rows} 行，共 {amount} 元，计入 {groups} 个额度",
        "imported {rows} rows, {amount} yuan in all, counted in {groups} groups of ceilings",
    ),
    # audit
    "audit_options": (
        "--applications 与 --measure 须一同使用；--keep 只用于与台账核对。",
        "--applications and --measure go together; --keep is for audits against the ledger.",
    ),
    "audit_kept": ("报告已存入台账：{id}", "the report is kept in the ledger: {id}"),
    "audited": ("核对 {rows} 笔支付，依据：{against}", "{rows} payouts compared with {against}"),
    "audit_finding": ("{place} 第 {row} 行，{kind}：{what}", "{place} row {row}, {kind}: {what}"),
    "audit_more": ("另有 {rows} 条，见报告（-o）", "{rows} more findings: see the report (-o)"),
    # export
    "publicity_written": (
        "已写出 {file}：{rows} 笔，合计 {total} 元",
        "wrote {file}: {rows} grants, {total} yuan in all",
    ),
    "performance_written": (
        "已写出 {file}：{rows} 行，共支付 {paid} 元",
        "wrote {file}: {rows} rows, {paid} yuan paid in all",
    ),
    "decision_written": ("已写出 {file}，校验码 {hash}", "wrote {file}, hash {hash}"),
    "file_verified": (
        "正确：{grant} 的每个校验码、金额和日志均与台账相符（{hash}）",
        "OK: every hash, the amount and the log of {grant} fit, also with the ledger ({hash})",
    ),
    "file_verified_alone": (
        "正确：{grant} 的每个校验码和金额均相符，未与台账比对（{hash}）",
        "OK: every hash and the amount of {grant} fit; not compared with the ledger ({hash})",
    ),
    "file-changed": ("文件内容与其校验码不符：已被改动", "the file is not the one that was sealed: it was changed"),
    "file-form": ("文件缺少内容或格式不符", "something is missing in the file, or of another form"),
    "file-entry": ("第 {seq} 条日志被改动", "entry {seq} of the log was changed"),
    "file-rows": ("第 {seq} 条日志所记的数据被改动", "the rows of entry {seq} were changed"),
    "file-other-grant": ("第 {seq} 条日志属于另一笔拨付", "entry {seq} is of another grant"),
    "file-grant": ("所列拨付与日志所记的数据不符", "the grant is not the one that the log tells of"),
    "file-texts": ("申请或结果与日志所记的数据不符", "request or result are not those that the log tells of"),
    "file-result": ("结果与其校验码不符", "the result does not have the hash that it states"),
    "file-recomputed": (
        "按 {policy} 重新计算，结果不同",
        "computed again under {policy}, the result is another",
    ),
    "file-not-in-ledger": (
        "台账中没有这条日志，或内容不同：第 {seq} 条",
        "the ledger holds no such entry {seq}, or another one",
    ),
    # serve
    "serving": (
        "专业镇补助：http://{host}:{port}/（接口说明：http://{host}:{port}/docs；按 Ctrl-C 结束）",
        "Town subsidies: http://{host}:{port}/ (API: http://{host}:{port}/docs; Ctrl-C ends it)",
    ),
}


def say_here(code: str, language: Language, **facts: object) -> str:
    """Say a sentence with its facts."""
    return SENTENCES[code][language == "en"].format(**facts)
