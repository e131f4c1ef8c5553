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
    "from_on": ("{start} 起", "from {start}"),
    "from_to": ("{start} 至 {end}", "{start} to {end}"),
    "from_to_about": ("{start} 至 {end}（日期不详）", "{start} to {end} (day not stated)"),
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
    "undecided": ("主管部门尚未决定", "not yet decided by the bureau"),
    "decided": ("{by}决定（{ref}）", "decided by {by} ({ref})"),
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
    "terms": ("参数", "Terms"),
    "limits": ("上限", "Limits"),
    "readings": ("解释口径", "Readings"),
    "other": ("或 {what}", "or {what}"),
    "default": ("默认 {what}", "default {what}"),
    "same_as": ("默认同 {what}", "default: as {what}"),
    "is_given": ("{field} 已有日期", "{field} has a date"),
    "is_in_force": ("{field} 在政策有效期内", "{field} while the policy is in force"),
    "is_first": ("同一 {per} 首次", "the first of its {per}"),
    "per": ("按 {what}", "per {what}"),
    "in_order": ("先后", "in order"),
    "pro_rata": ("按比例", "pro rata"),
    "equal": ("平均", "equally"),
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
    # serve
    "serving": (
        "专业镇补助计算：http://{host}:{port}/docs（按 Ctrl-C 结束）",
        "Town subsidies: http://{host}:{port}/docs (Ctrl-C ends it)",
    ),
}


def say_here(code: str, language: Language, **facts: object) -> str:
    """Say a sentence with its facts."""
    return SENTENCES[code][language == "en"].format(**facts)
