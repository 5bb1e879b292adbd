"""What is decided without a server: codes, incidents, news, schedules, comparisons."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.services.errors import SettingError
from jupyterhub_suite.services.status import egi, nagios
from jupyterhub_suite.services.status.channels import make_channels
from jupyterhub_suite.services.status.channels.mail import Email
from jupyterhub_suite.services.status.chart import HEIGHT, day_bars, stage_chart
from jupyterhub_suite.services.status.checks import make_checks
from jupyterhub_suite.services.status.checks.certificate import judge_certificate
from jupyterhub_suite.services.status.checks.heartbeat import judge_report
from jupyterhub_suite.services.status.checks.hub import (
    Server,
    judge_servers,
    read_time,
)
from jupyterhub_suite.services.status.checks.proxy import compare
from jupyterhub_suite.services.status.feeds import atom, badge
from jupyterhub_suite.services.status.handlers import percent, prefers_json
from jupyterhub_suite.services.status.hubmetrics import (
    MOST_VALUES,
    OTHER,
    take_census,
)
from jupyterhub_suite.services.status.incidents import (
    Change,
    Incident,
    Step,
    next_step,
)
from jupyterhub_suite.services.status.model import Code, Result, Stage, worst
from jupyterhub_suite.services.status.news import event_of, message, slack
from jupyterhub_suite.services.status.outbox import LONGEST_WAIT, wait_after
from jupyterhub_suite.services.status.schedule import (
    LEASE,
    Slot,
    can_run,
    next_time,
    pause,
)
from jupyterhub_suite.services.status.summary import (
    Day,
    calendar,
    judge,
    overall,
    uptime,
)

OK, WARNING, CRITICAL, UNKNOWN = Code
NOW = 1_800_000_000.0
(HUB,) = make_checks([{"name": "hub", "interval": 60, "timeout": 10}]).values()


def result(code: Code, time: float = NOW, msg: str = "so it is") -> Result:
    return Result("hub", time, 1.0, code, msg)


# Codes


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], UNKNOWN),
        ([OK, OK], OK),
        ([OK, WARNING], WARNING),
        ([WARNING, UNKNOWN], UNKNOWN),
        ([UNKNOWN, CRITICAL, OK], CRITICAL),
    ],
)
def test_the_worst_stands_for_all(codes: list[Code], expected: Code) -> None:
    assert worst(codes) is expected


@pytest.mark.parametrize("code", list(Code))
def test_a_fresh_result_is_the_state(code: Code) -> None:
    assert judge(HUB, result(code, NOW - 60), NOW).code is code


@pytest.mark.parametrize("age", [200, 1e6, -120, -1e6])
def test_an_old_result_or_one_from_the_future_says_nothing_about_now(
    age: float,
) -> None:
    state = judge(HUB, result(OK, NOW - age), NOW)
    assert state.code is UNKNOWN
    assert "since" in state.msg or "clock" in state.msg


def test_no_result_is_unknown() -> None:
    assert judge(HUB, None, NOW).code is UNKNOWN
    assert overall([]) == (UNKNOWN, "No checks are set")


def test_the_whole_names_who_is_guilty() -> None:
    states = [
        judge(HUB, result(OK), NOW),
        judge(HUB, result(CRITICAL, msg="No answer"), NOW),
    ]
    assert overall(states) == (CRITICAL, "Hub: No answer")


# Incidents


def incident(code: Code = CRITICAL, notified: float | None = None) -> Incident:
    return Incident(1, "hub", NOW - 600, None, code, "before", notified)


def test_an_incident_begins_with_the_first_of_enough_failures() -> None:
    recent = [result(CRITICAL, NOW), result(UNKNOWN, NOW - 60), result(OK, NOW - 120)]
    assert next_step(None, recent, threshold=3) is None
    step = next_step(None, recent, threshold=2)
    assert step is not None and step.change is Change.BEGAN
    assert (step.incident.begin, step.incident.code) == (NOW - 60, CRITICAL)


def test_an_incident_ends_with_the_first_result_that_works() -> None:
    step = next_step(incident(), [result(WARNING)], threshold=3)
    assert step is not None
    assert (step.change, step.incident.end) == (Change.ENDED, NOW)


def test_an_incident_gets_worse_but_not_better() -> None:
    worse = next_step(incident(UNKNOWN), [result(CRITICAL)], threshold=1)
    assert worse is not None and worse.change is Change.WORSENED
    assert (worse.incident.code, worse.incident.reason) == (CRITICAL, "so it is")
    same = next_step(incident(CRITICAL), [result(UNKNOWN)], threshold=1)
    assert same is not None and same.change is Change.GOES_ON
    assert (same.incident.code, same.incident.reason) == (CRITICAL, "before")


def test_what_works_is_no_incident() -> None:
    assert next_step(None, [result(OK)], threshold=1) is None


@pytest.mark.parametrize(
    ("change", "told", "maintenance", "expected"),
    [
        (Change.BEGAN, None, False, "failed"),
        (Change.BEGAN, None, True, None),
        (Change.GOES_ON, None, False, "failed"),  # it began in maintenance
        (Change.GOES_ON, NOW - 10, False, None),
        (Change.GOES_ON, NOW - 3600, False, "reminder"),
        (Change.GOES_ON, NOW - 3600, True, None),
        (Change.WORSENED, NOW - 10, False, "worse"),
        (Change.ENDED, NOW - 10, False, "recovered"),
        (Change.ENDED, NOW - 10, True, "recovered"),
        (Change.ENDED, None, False, None),
    ],
)
def test_what_is_told(
    change: Change, told: float | None, maintenance: bool, expected: str | None
) -> None:
    step = Step(change, incident(notified=told))
    assert event_of(step, NOW, reminder=1800, maintenance=maintenance) == expected


def test_slack_reads_no_markup_out_of_a_message() -> None:
    told = message("failed", incident(), "Hub", "<!channel> & more")
    text = slack(vars(told))["text"]
    assert text == "Hub fails (CRITICAL): &lt;!channel&gt; &amp; more"


@given(st.integers(0, 60))
def test_retries_come_later_and_later_but_not_never(attempts: int) -> None:
    assert 0 < wait_after(attempts) <= wait_after(attempts + 1) <= LONGEST_WAIT


# The plan


def slot(next_run: float, holder: str = "", lease_until: float = 0) -> Slot:
    return Slot("hub", 60, next_run, holder, lease_until)


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (slot(NOW), True),
        (slot(0), True),
        (slot(NOW + 30), False),
        (slot(NOW + 86400), True),  # the clock jumped back
        (slot(NOW, "other", NOW + 10), False),
        (slot(NOW, "other", NOW - 1), True),  # its holder is gone
        (slot(NOW, "other", NOW + 86400), True),  # … and the clock jumped
    ],
)
def test_who_may_run_when(place: Slot, expected: bool) -> None:
    assert can_run(place, NOW) is expected


@given(st.floats(1, 1e6), st.floats(0, 2e9))
def test_a_check_never_waits_for_much_longer_than_its_interval(
    interval: float, now: float
) -> None:
    following = next_time(now, interval)
    assert not can_run(Slot("x", interval, following, "", 0), now)
    assert can_run(Slot("x", interval, following, "", 0), now + interval * 1.1 + 60)


def test_the_scheduler_sleeps_until_something_is_due() -> None:
    assert pause([slot(NOW + 1), slot(NOW + 9)], NOW, 5) == 1
    assert pause([slot(NOW, "other", NOW + LEASE)], NOW, 5) == 5
    assert pause([], NOW, 5) == 5


# Checks


def server(pending: str | None, started: float, ready: bool = False) -> Server:
    return Server("alice", "", ready, pending, started, {})


def test_a_server_that_waits_for_too_long_is_a_warning() -> None:
    servers = [
        server(None, NOW - 9000, ready=True),
        server("spawn", NOW - 10),
        server("spawn", NOW - 900),
    ]
    found = judge_servers(servers, NOW, patience=600)
    assert found.code is WARNING
    assert found.numbers == {"running": 1, "pending": 2, "pending_too_long": 1}
    assert found.details == ("alice/: spawn",)


@pytest.mark.parametrize(
    "text", ["2027-01-15T08:00:00.000000Z", "2027-01-15T08:00:00+00:00"]
)
def test_the_hubs_times_are_read(text: str) -> None:
    assert read_time(text) == NOW


def test_routes_and_servers_are_compared_by_what_they_mean() -> None:
    difference = compare(
        routes=["/", "/user/a%40b/", "hub.example.org/user/gone/", "/services/x/"],
        ready=["/user/a@b/", "/user/lost/"],
        active=["/user/a@b/", "/user/lost/"],
        users="/user/",
    )
    assert difference.missing == {"/user/lost/"}
    assert difference.stale == {"/user/gone/"}
    assert "1 without a route (/user/lost/)" in str(difference)


@pytest.mark.parametrize(("days", "code"), [(30, OK), (10, WARNING), (1, CRITICAL)])
def test_a_certificate_is_renewed_in_time(days: int, code: Code) -> None:
    assert judge_certificate(days * 86400, 14, 3).code is code


def test_a_silent_job_is_a_failure() -> None:
    report = {"time": NOW - 100, "code": "WARNING", "msg": "half done"}
    assert judge_report({}, NOW, 60).code is UNKNOWN
    # What a check of another kind left under this name.
    assert judge_report({"known": "x"}, NOW, 60).code is UNKNOWN
    assert judge_report(report, NOW, 60).code is CRITICAL
    assert judge_report(report, NOW, 600).code is WARNING


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "Hub!", "kind": "hub"}, "name"),
        ({"name": "x"}, "there is no kind 'x'"),
        ({"name": "x", "kind": ["hub"]}, "there is no kind"),
        ({"name": "x", "kind": "http"}, "url"),
        ({"name": "x", "kind": "http", "url": "https://user:pw@host/"}, "url"),
        ({"name": "hub", "intervall": 5}, "intervall"),
        ({"name": "b", "kind": "heartbeat", "token": "short"}, "token"),
    ],
)
def test_a_wrong_setting_is_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=r"checks\[0\]") as caught:
        make_checks([options])
    assert said in str(caught.value)


def test_two_checks_of_one_name_are_refused() -> None:
    with pytest.raises(SettingError, match=r"checks\[1\]: the name 'hub' is taken"):
        make_checks([{"name": "hub"}, {"name": "hub"}])


def test_a_wrong_channel_is_named_without_its_secret() -> None:
    wrong = {"kind": "webhook", "url": "hooks.example.org/s3cret"}
    with pytest.raises(SettingError, match=r"notifications\[0\]: url") as caught:
        make_channels([wrong])
    assert "s3cret" not in str(caught.value)


def test_a_mail_says_it_in_its_subject() -> None:
    mail = Email("mail", sender="hub@example.org", recipients=["ops@example.org"])
    told = message("failed", incident(), "Hub", "No answer")
    composed = mail.compose(vars(told))
    assert composed["Subject"] == "[CRITICAL] hub: failed"
    assert "Hub fails (CRITICAL): No answer" in composed.get_content()


# The page


def test_uptime_counts_neither_the_unknown_nor_maintenance() -> None:
    days = [Day("2027-01-14", ok=8, warning=1, critical=1, unknown=9, maintenance=5)]
    assert uptime(days) == 0.9
    assert uptime([Day("2027-01-15", unknown=3)]) is None


def test_days_without_results_are_shown_too() -> None:
    known = Day("2027-01-14", ok=3)
    shown = calendar([known], date(2027, 1, 15), length=3)
    assert [day.day for day in shown] == ["2027-01-13", "2027-01-14", "2027-01-15"]
    assert shown[1] is known
    assert [day.code for day in shown] == [None, OK, None]


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "100 %"), (0.99999, "99.99 %"), (0.5, "50.00 %"), (None, "no results")],
)
def test_a_share_is_never_rounded_up(share: float | None, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("application/json, text/html", True),
        ("text/html, application/json", False),
        ("", False),
    ],
)
def test_programs_get_json_and_browsers_a_page(accept: str, expected: bool) -> None:
    assert prefers_json(accept) is expected


def test_pictures_hold_no_markup_of_others() -> None:
    evil = "<script>alert(1)</script>"
    stages = (Stage(evil, 1.0), Stage("stop", 2.0, failed=True))
    last = Result("hub", NOW, 3.0, OK, "", stages)
    assert "<script" not in stage_chart([last, last])
    assert "<script" not in badge(evil, OK)
    assert "2.00 s failed" in stage_chart([last])
    assert "3 OK" in day_bars([Day("2027-01-14", ok=3)])


def test_a_day_with_a_failure_stands_out_without_its_colour() -> None:
    well, ill = day_bars([Day("2027-01-14", ok=3)]), day_bars([Day("x", critical=1)])
    assert f'height="{HEIGHT}" rx' in ill
    assert f'height="{HEIGHT}" rx' not in well


def test_the_feed_holds_whatever_a_server_said() -> None:
    strange = Incident(7, "hub", NOW, NOW + 60, CRITICAL, "\x00<b>\x1b[31m & more")
    feed = atom([strange], "Status", "https://hub.example.org/services/status/", NOW)
    assert b"&lt;b&gt;[31m &amp; more" in feed
    assert b"2027-01-15T08:01:00Z" in feed


# Counts of the whole Hub


def test_the_values_of_a_label_are_bounded() -> None:
    users = [
        {
            "name": f"user-{number}",
            "last_activity": "2027-01-15T07:00:00Z" if number < 3 else None,
            "groups": ["physics"],
            "servers": {"": {"ready": True, "user_options": {"image": f"i{number}"}}},
        }
        for number in range(MOST_VALUES + 5)
    ]
    census = take_census(users, NOW)
    assert len(census.servers["image"]) == MOST_VALUES + 1
    assert census.servers["image"][OTHER] == 5
    assert census.servers["group"] == {"physics": MOST_VALUES + 5}
    assert census.servers["profile"] == {"(default)": MOST_VALUES + 5}
    assert census.active == {1: 3, 7: 3, 30: 3}


# Nagios, and EGI's environment


def test_one_line_for_nagios_whatever_was_said() -> None:
    said = Result(
        "hub", NOW, 1.5, CRITICAL, "a | b\nc", (Stage("api", 1.25),), {"n": 3}
    )
    assert nagios.line([said]) == (
        "STATUS CRITICAL - hub: a / b c |"
        " 'hub'=1.500s;;;0 'hub.api'=1.250s;;;0 'hub.n'=3;;;"
    )
    assert nagios.exit_status([said, result(OK)]) == 2


@pytest.mark.parametrize(
    "monitored",
    [
        "https://hub.example.org",
        "https://hub.example.org/",
        "https://hub.example.org/hub/",
        "https://hub.example.org/hub/api/",
    ],
)
def test_egis_url_may_be_any_of_a_deployment(monitored: str) -> None:
    assert egi.api_url(monitored) == "https://hub.example.org/hub/api"
    assert egi.public_url(monitored) == "https://hub.example.org/"


def test_egis_environment_makes_a_check() -> None:
    url = {"MONITORED_URL": "https://hub.example.org"}
    spawn = {**url, "JUPYTERHUB_USER": "probe", "SPAWN_TIMEOUT": "600"}
    binder = {**url, "SERVICE_TYPE": "Binder"}
    assert egi.checks_from({}) is None
    assert egi.checks_from(spawn) == [
        {"name": "spawn", "user": "probe", "timeout": 600.0}
    ]
    assert egi.checks_from(binder) == [
        {"name": "binderhub", "url": url["MONITORED_URL"]}
    ]
    for wrong in ({"SERVICE_TYPE": "ftp"}, {"SPAWN_TIMEOUT": "soon"}):
        with pytest.raises(SettingError, match=next(iter(wrong))):
            egi.checks_from({**url, **wrong})


@pytest.mark.parametrize(
    ("argv", "environment", "expected"),
    [
        ([], {}, False),
        (["--once"], {}, True),
        ([], {"SINGLERUN": "1"}, True),
        ([], {"SINGLERUN": "false"}, False),
    ],
)
def test_one_run_is_wanted_by_word_or_by_environment(
    argv: list[str], environment: dict[str, str], expected: bool
) -> None:
    assert egi.one_run_wanted(argv, environment) is expected
