import pytest

from pipeline.errors import UsageError
from pipeline.landing.flink_options import check_job, flink_options, named, wants_flink
from pipeline.settings import Settings

FLINK = ["--runner=PortableRunner", "--job_endpoint=localhost:8099"]
KAFKA = Settings(bootstrap_servers="localhost:9092")


def test_options_without_a_runner_are_for_the_process_itself():
    assert not wants_flink([])
    assert not wants_flink(["--direct_num_workers", "2"])
    assert wants_flink(FLINK)
    with pytest.raises(UsageError, match=r"--runner=SparkRunner is not supported; expected --runner=PortableRunner"):
        wants_flink(["--runner", "SparkRunner"])


def test_what_keeps_a_job_from_stalling_is_set_and_what_the_user_names_stands():
    options = flink_options([*FLINK, "--checkpointing_interval=20000", "--experiments=a", "--experiments=b"], "our-job")
    assert {"--streaming", "--finish_bundle_before_checkpointing", "--environment_type=EXTERNAL"} <= set(options)
    assert named(options)["checkpointing_interval"] == "20000"
    assert (
        options.count("--experiments=a") == options.count("--experiments=b") == options.count("--job_name=our-job") == 1
    )


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--checkpointing_interval=-1", "--checkpointing_interval=-1: it is in milliseconds"),
        ("--environment_type=LOOPBACK", "--environment_type=LOOPBACK: only EXTERNAL"),
        ("--finish_bundle_before_checkpointing=false", "--finish_bundle_before_checkpointing must be set"),
        ("--job-name=mine", "--job_name: hydratrace finds its job again"),
        ("--save_main_session", "--save_main_session: workers import hydratrace"),
        ("--job_endpoint=", "--job_endpoint=HOST:PORT of Beam's job server is missing"),
    ],
)
def test_an_option_that_contradicts_ours_is_refused(option, told):
    check_job(KAFKA, FLINK, follow=True)
    with pytest.raises(UsageError, match=told):
        check_job(KAFKA, [*FLINK, option], follow=True)


def test_all_that_cannot_be_had_on_flink_is_told_at_once():
    settings = Settings(files="events", processes=2)
    with pytest.raises(UsageError, match=r"--follow is missing; .* not --files; --processes .*; --job_endpoint"):
        check_job(settings, ["--runner=PortableRunner"], follow=False)


def test_a_word_that_is_no_option_is_refused():
    assert named(["--a=1", "--b", "2", "--c"]) == {"a": "1", "b": "2", "c": ""}
    with pytest.raises(UsageError, match="'stray' is no option; expected --name=value"):
        named(["--a=1", "stray"])
