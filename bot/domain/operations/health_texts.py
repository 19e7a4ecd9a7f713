"""Texts of health findings: English for the terminal, Japanese for the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.domain.operations.health_findings import HealthFinding, HealthVerdict


@dataclass(frozen=True)
class HealthText:
    """Texts of one finding: when right, when wrong, and what to do then. Placeholders are `HealthFinding.values`."""

    right: str
    wrong: str
    to_do: str

    def of(self, finding: HealthFinding) -> tuple[str, str]:
        """(state, what to do; empty if nothing)."""
        if finding.verdict is HealthVerdict.RIGHT:
            return self.right.format(**finding.values), ""
        return self.wrong.format(**finding.values), self.to_do.format(**finding.values)


ENGLISH: Mapping[str, HealthText] = MappingProxyType(
    {
        "unclaimed": HealthText(
            "no case waits long for somebody to take it",
            "a case has waited {minutes} minutes for somebody to take it",
            "call whoever is on duty; look at /desk",
        ),
        "unwatched": HealthText(
            "every open case has an owner or an alarm",
            "{count} open cases have neither owner nor alarm",
            "open them at /desk and claim them; this is a fault of the bot: report it",
        ),
        "events-aside": HealthText(
            "no event was set aside",
            "{count} events of platforms failed and were set aside: an SOS may be among them",
            "python -m bot inbox, then inbox --replay",
        ),
        "moves": HealthText(
            "deliveries and clocks move", "{what}", "is the server (or the worker) running? start it again"
        ),
        "duty": HealthText(
            "{count} people stand on the duty list",
            "NOBODY IS ON DUTY: no resident is told when staff will read",
            "put people on the duty list at /desk/duty",
        ),
        "on-call": HealthText(
            "{count} people are on call out of hours",
            "NOBODY IS ON CALL: at night and on holidays an SOS waits until the desk opens",
            "at /desk/duty tick somebody who has a mail address or a paired chat",
        ),
        "ways": HealthText(
            "{count} ways to tell staff outside the desk",
            "staff can be told nowhere but on an open desk page",
            "set SMTP_URL and MAIL_FROM and a mail address at /desk/duty, or pair a chat at /desk/chats",
        ),
        "failed-notices": HealthText(
            "every notice of the last day went out",
            "{count} notices of the last day reached nobody",
            "check mail addresses, the mail server and paired chats",
        ),
        "admins": HealthText(
            "{count} of {accounts} accounts are admins",
            "no admin among {accounts} accounts",
            "python -m bot staff add LOGIN --name NAME --role admin",
        ),
        "pushes": HealthText(
            "pushes of the month: {used}",
            "pushes of the month run low: {used}",
            "beyond them only replies go out: raise the plan",
        ),
        "schema": HealthText("the schema is the newest", "the schema is older than the bot", "python -m bot migrate"),
        "lost-keys": HealthText(
            "every sealed value has its key",
            "{count} sealed values have no key: nobody can read them",
            "put the old key back into CONTENT_KEYS, after the newest",
        ),
        "old-keys": HealthText(
            "everything is sealed with the newest key",
            "{count} values are sealed with older keys",
            "python -m bot reseal",
        ),
        "audit": HealthText(
            "the audit's chain is whole",
            "the audit was changed or cut at row {number}",
            "keep a copy of the database, find out who can write to it",
        ),
        "no-backup": HealthText(
            "", "there is no backup", "python -m bot backup, every night (cron), and keep the file elsewhere"
        ),
        "backup": HealthText(
            "the last backup is {hours} hours old",
            "the last backup is {hours} hours old",
            "python -m bot backup, every night (cron), and keep the file elsewhere",
        ),
        "set-aside": HealthText(
            "", "{count} replaced databases lie beside the one in use", "when nobody needs them, delete *.replaced-*"
        ),
        "content": HealthText(
            "the content has no fault of form", "the content has {count} faults", "python -m bot content check"
        ),
        "unconfirmed": HealthText(
            "the city has confirmed every number that is said",
            "{count} telephone numbers are said that the city has not confirmed",
            "call them, then write checked_by and checked_on into intents/lines.yaml",
        ),
        "sqlite": HealthText(
            "SQLite {version}",
            "SQLite {version}: in rare cases it loses a commit",
            "use Linux on x86_64 (pysqlite3 brings a newer one), or PostgreSQL",
        ),
        "clock": HealthText(
            "the clock is right", "another clock is {seconds} seconds ahead of ours", "set up NTP on this machine"
        ),
        "disk": HealthText(
            "{megabytes} MB of disk are free",
            "only {megabytes} MB of disk are free",
            "make room: without it nothing is kept",
        ),
        "https": HealthText(
            "residents come over https",
            "PUBLIC_URL does not begin with https://: cookies do not say Secure",
            "put a proxy with TLS in front and set PUBLIC_URL",
        ),
    }
)

JAPANESE: Mapping[str, HealthText] = MappingProxyType(
    {
        "unclaimed": HealthText(
            "長く待っている相談はありません。",
            "だれも担当していない相談が、{minutes} 分待っています。",
            "当番の人に電話で知らせ、「相談の一覧」を開いてください。",
        ),
        "unwatched": HealthText(
            "どの相談にも、担当か次の知らせがあります。",
            "担当も次の知らせもない相談が {count} 件あります。",
            "「相談の一覧」で開いて担当し、情報担当に知らせてください。",
        ),
        "events-aside": HealthText(
            "処理できなかった知らせはありません。",
            "処理できなかった知らせが {count} 件あります。SOSが入っているかもしれません。",
            "情報担当に「python -m bot inbox」を頼んでください。",
        ),
        "moves": HealthText(
            "返事も時計も動いています。",
            "止まっているところがあります（{what}）。",
            "情報担当に、ボットを起動し直すよう頼んでください。",
        ),
        "duty": HealthText(
            "当番表に {count} 人います。",
            "当番がだれもいません。住民に、職員がいつ読むかを伝えられません。",
            "「当番表」で当番を決めてください。",
        ),
        "on-call": HealthText(
            "時間外に呼べる人が {count} 人います。",
            "時間外に呼べる人がいません。夜や休みの日のSOSは、窓口が開くまで待ちます。",
            "「当番表」で、メールかチャットのある人に時間外の印を付けてください。",
        ),
        "ways": HealthText(
            "職員に知らせる道が {count} 本あります。",
            "この画面のほかに、職員に知らせる道がありません。",
            "「当番表」でメールを、「チャット」でLINEを登録してください。",
        ),
        "failed-notices": HealthText(
            "この一日の知らせは、すべて届きました。",
            "この一日に、届かなかった知らせが {count} 件あります。",
            "メールの宛先とチャットのつながりを確かめてください。",
        ),
        "admins": HealthText(
            "管理者は {count} 人です。", "管理者がいません。", "情報担当に、管理者を作るよう頼んでください。"
        ),
        "pushes": HealthText(
            "今月のLINEの送信数は {used} です。",
            "今月のLINEの送信数が残りわずかです（{used}）。",
            "LINEの料金プランを見直してください。使い切ると、こちらから送れなくなります。",
        ),
        "schema": HealthText(
            "データベースの形は最新です。",
            "データベースの形が古いままです。",
            "情報担当に「python -m bot migrate」を頼んでください。",
        ),
        "lost-keys": HealthText(
            "鍵はそろっています。",
            "鍵がなくて読めないことばが {count} 件あります。",
            "情報担当に、前の鍵を戻すよう頼んでください。",
        ),
        "old-keys": HealthText(
            "すべて新しい鍵で守られています。",
            "前の鍵で守られたままのものが {count} 件あります。",
            "情報担当に「python -m bot reseal」を頼んでください。",
        ),
        "audit": HealthText(
            "記録のつながりは、切れていません。",
            "記録が {number} 番で書き換えられたか、消されています。",
            "情報担当に知らせてください。",
        ),
        "no-backup": HealthText(
            "",
            "控え（バックアップ）がありません。",
            "情報担当に、毎晩「python -m bot backup」を動かすよう頼んでください。",
        ),
        "backup": HealthText(
            "最後の控え（バックアップ）は {hours} 時間前です。",
            "最後の控え（バックアップ）は {hours} 時間前です。",
            "情報担当に、毎晩「python -m bot backup」が動いているか確かめてもらってください。",
        ),
        "set-aside": HealthText(
            "",
            "復元する前のデータベースが {count} 個、残っています。",
            "いらなくなったら、情報担当に消してもらってください。",
        ),
        "content": HealthText(
            "答えの文に、書き方の誤りはありません。",
            "答えの文に、直すところが {count} 件あります。",
            "「python -m bot content check」で場所を確かめてください。",
        ),
        "unconfirmed": HealthText(
            "案内する電話番号は、すべて市が確かめています。",
            "市がまだ確かめていない電話番号を {count} 件案内しています。",
            "電話して確かめ、確かめた人と日を書いてください。",
        ),
        "sqlite": HealthText(
            "SQLite {version} です。",
            "SQLite {version} は、ごくまれに記録を失うことがあります。",
            "情報担当に、新しい版か PostgreSQL に替えるよう頼んでください。",
        ),
        "clock": HealthText(
            "時計は合っています。",
            "時計が {seconds} 秒ずれています。",
            "情報担当に、時計を合わせるよう頼んでください。",
        ),
        "disk": HealthText(
            "ディスクの空きは {megabytes} MB です。",
            "ディスクの空きが {megabytes} MB しかありません。",
            "情報担当に、空きを作るよう頼んでください。なくなると相談を残せません。",
        ),
        "https": HealthText(
            "住民は、暗号化された道（https）で来ます。",
            "公開の住所が https:// で始まっていません。",
            "情報担当に、https にして PUBLIC_URL を直すよう頼んでください。",
        ),
    }
)
