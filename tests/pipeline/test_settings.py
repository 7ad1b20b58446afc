from pathlib import Path

import msgspec
import pytest

from pipeline.contract.events import TOPICS
from pipeline.errors import UsageError
from pipeline.settings import Settings, load


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "some.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_nothing_set_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}, {}) == Settings()


def test_flags_win_over_environment_over_file(file) -> None:
    path = file('lake = "f"\nfiles = "f"\nbootstrap_servers = "f"\n')
    environment = {"HYDRATRACE_LAKE": "e", "HYDRATRACE_FILES": "e", "LAKE": "not ours"}
    settings = load({"lake": "flag", "files": None}, environment, path)
    assert (settings.lake, settings.files, settings.bootstrap_servers) == ("flag", "e", "f")


def test_the_file_of_the_working_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hydratrace.toml").write_text('lake = "here"', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load({}, {}).lake == "here"


def test_paths_of_the_file_begin_at_its_folder_and_others_at_the_working_directory(file, monkeypatch) -> None:
    path = file("""
        lake = "lake"
        key_file = "/run/key"
        asn_database = "~/asn.mmdb"
        kafka.sasl.password.file = "secrets/kafka"
        kafka.sasl.username = "me"
        [[hooks]]
        name = "h"
        type = "webhook"
        url_file = "url"
        """)
    monkeypatch.setenv("HOME", "/srv/ana")
    settings = load({"files": "events"}, {"HYDRATRACE_COUNTRY_DATABASE": "country.mmdb"}, path)
    here = path.parent
    assert (settings.lake, settings.key_file, settings.asn_database) == (
        f"{here}/lake",
        "/run/key",
        "/srv/ana/asn.mmdb",
    )
    assert settings.kafka == {"sasl.password.file": f"{here}/secrets/kafka", "sasl.username": "me"}
    assert (settings.hooks[0].url_file, settings.hooks[0].ca_file) == (f"{here}/url", "")
    assert (settings.files, settings.country_database) == ("events", "country.mmdb")


def test_texts_of_the_environment_become_numbers() -> None:
    assert load({}, {"HYDRATRACE_POLL_RECORDS": "500", "HYDRATRACE_TICK_SECONDS": "2.5"}).poll_records == 500


def test_kafka_settings_keep_kafkas_own_names(file) -> None:
    path = file('[kafka]\n"security.protocol" = "SSL"\nssl.ca.location = "ca.pem"\nsession.timeout.ms = 9000\n')
    wanted = {"security.protocol": "SSL", "ssl.ca.location": "ca.pem", "session.timeout.ms": "9000"}
    assert load({}, {}, path).kafka == wanted


def test_kafka_settings_of_the_environment_join_those_of_the_file(file) -> None:
    path = file('[kafka]\nsecurity.protocol = "SSL"\nsasl.username = "file"\n')
    environment = {"HYDRATRACE_KAFKA_SASL_USERNAME": "environment"}
    assert load({}, environment, path).kafka == {"security.protocol": "SSL", "sasl.username": "environment"}


@pytest.mark.parametrize("environment", [{}, {"HYDRATRACE_KAFKA_SASL_USERNAME": "me"}])
def test_kafka_settings_that_are_no_table_are_named(file, environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"kafka \(.*some\.toml\): Expected `object`, got `str`"):
        load({}, environment, file('kafka = "localhost"'))


def test_topics_not_named_keep_their_default_names(file) -> None:
    names = load({}, {}, file('[topics]\nusage = "prod.usage"\n')).topic_names()
    assert names == {topic.table: topic.name for topic in TOPICS} | {"usage": "prod.usage"}


def test_everything_wrong_is_named_at_once_with_its_origin(file) -> None:
    path = file('lakes = "x"\nfetcher = "telnet"\n[topics]\nusages = "x"\n')
    environment = {"HYDRATRACE_POLL_RECORDS": "0"}
    with pytest.raises(UsageError) as caught:
        load({"processes": "many"}, environment, path)
    text = str(caught.value)
    assert caught.value.exit_status == 2
    for part in (
        f"unknown setting 'lakes' ({path}), did you mean lake?",
        f"fetcher ({path}): Invalid enum value 'telnet'",
        "topics: no table 'usages'",
        "poll_records (HYDRATRACE_POLL_RECORDS): Expected `int` >= 1",
        "processes (flag --processes): Expected `int`, got `str`",
    ):
        assert part in text


def test_a_setting_unlike_any_other_gets_no_suggestion() -> None:
    with pytest.raises(UsageError, match=r"unknown setting 'zzz' \(HYDRATRACE_ZZZ\)$"):
        load({}, {"HYDRATRACE_ZZZ": "1"})


@pytest.mark.parametrize("text", ["lake = ", "lake = 'a'\nlake = 'b'"])
def test_a_file_that_is_no_toml_is_named(file, text: str) -> None:
    path = file(text)
    with pytest.raises(UsageError, match=r"some\.toml"):
        load({}, {}, path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*absent\.toml: No such file"):
        load({}, {}, tmp_path / "absent.toml")


def test_every_default_is_a_value_that_its_own_setting_allows() -> None:
    assert msgspec.convert(msgspec.to_builtins(Settings()), Settings) == Settings()


def test_one_topic_for_two_tables_is_refused(file) -> None:
    with pytest.raises(UsageError, match=r"topics: 'api.usage.v1' is named for two tables"):
        load({}, {}, file('[topics]\nsignup = "api.usage.v1"\n'))
