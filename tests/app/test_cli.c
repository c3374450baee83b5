/* Command line: exit codes, streams, options, help. */
#include <check.h>
#include "base/bug.h"
#include "command.h"

/* A line, what it returns, and words that must stand in each stream ("" means
 * that the stream must be empty). */
static const struct {
    const char *line;
    int code;
    const char *out, *err;
} lines[] = {
    { "", 2, "", "commands: run" },
    { "--help", 0, "usage: rollsim COMMAND", "" },
    { "-h", 0, "exit codes:", "" },
    { "--version", 0, "rollsim ", "" },
    { "version", 0, "rollsim ", "" },
    { "version --json", 0, "\"schema\": \"rollsim/v1\"", "" },
    { "help", 0, "rollsim compare", "" },
    { "help run", 0, "--replications", "" },
    { "run --help", 0, "--replications", "" },
    { "help nothing", 2, "", "unknown command \"nothing\"" },
    { "help rum", 2, "", "did you mean \"run\"?" },
    { "rum", 2, "", "did you mean \"run\"?" },
    { "simulate", 2, "", "unknown command \"simulate\"" },
    { "--nothing run", 2, "", "unknown option \"--nothing\"" },
    { "run", 2, "", "name a scenario file" },
    { "run --repl 5 x", 2, "", "unknown option \"--repl\"" },
    { "run --replication=5 x", 2, "", "did you mean \"--replications\"?" },
    { "run -n", 2, "", "needs a value: N" },
    { "run -n five x", 2, "", "must be a whole number, got \"five\"" },
    { "run -n -3 x", 2, "", "must be a whole number" },
    { "run -n 0 x", 2, "", "at least 1" },
    { "plot -n 0 x", 2, "", "at least 1" },
    { "run -n 1000000000 x", 2, "", "at most 1000000" },
    { "run --output= x", 2, "", "got an empty value: FILE" },
    { "run --baseline=x scenarios/sample.yaml", 2, "", "unknown option" },
    { "compare --baseline=x scenarios/sample.yaml", 2, "",
      "there are recreate, rolling, batch" },
    { "plot -t nothing scenarios/sample.yaml", 2, "",
      "there are traffic, pods" },
    { "plot -t trafic scenarios/sample.yaml", 2, "",
      "did you mean \"traffic\"?" },
    { "explain metrix", 2, "", "did you mean \"metrics\"?" },
    { "check scenarios/sample.yaml --allow=no-probe", 0, "1 warning",
      "no lint is called \"no-probe\"" },
    { "check scenarios/sample.yaml --set run.sed=3", 3, "1 error",
      "--set:1:1: error: unknown field \"sed\"" },
    { "runs tests/bad/nothing.db", 3, "", "nothing.db\": no such file" },
    { "runs scenarios/sample.yaml", 3, "", "is not a file of results" },
    { "schema json", 2, "", "schema takes no word, got \"json\"" },
    { "run --quiet=yes x", 2, "", "takes no value" },
    { "run --color=blue x", 2, "", "one of auto|always|never" },
    { "run --record=some x", 2, "", "one of first|all" },
    { "run -qz x", 2, "", "unknown option \"-qz\"" },
    { "run -- -n", 3, "", "-n" },
    { "run tests/bad/nothing.yaml", 3, "", "nothing.yaml" },
    { "check", 2, "", "name a file or folder" },
    { "explain", 2, "", "fields, metrics, timings" },
    { "explain metrics", 0, "failed_requests", "" },
    { "explain metrics --markdown", 0, "| `downtime` | s | lower |", "" },
    { "explain metrics --why failed_requests", 2, "",
      "--why needs a scenario, \"metrics\" is a table" },
    { "explain scenarios/sample.yaml --why failed_refusd", 2, "",
      "did you mean \"failed_refused\"?" },
    { "explain scenarios/sample.yaml --why=downtime", 2, "",
      "failed_requests or failed_CAUSE, not \"downtime\"" },
    { "explain scenarios/sample.yaml --why", 2, "", "needs a value: METRIC" },
    { "explain scenarios/sample.yaml --rep 1 --why failed_error", 0,
      "replication 1, seed 7: 0 of", "" },
    { "explain timings", 0, "apiWrite", "" },
    { "explain timings --markdown", 0, "| `apiWrite` | default |", "" },
    { "explain strategies", 0, "rollingUpdate", "" },
    { "explain kubectl", 0, "rollout undo", "" },
    { "explain fields", 0, "replications", "" },
    { "explain fields --markdown", 0, "`run.duration`", "" },
    { "schema", 0, "draft-07", "" },
    { "completion bash", 0, "complete -o filenames", "" },
    { "completion zsh", 0, "bashcompinit", "" },
    { "completion fish", 0, "complete -c rollsim", "" },
    { "completion tcsh", 2, "", "bash, zsh or fish" },
    { "compare scenarios/sample.yaml --metric=downtme", 2, "",
      "did you mean \"downtime\"?" },
    { "run scenarios/sample.yaml --strategy=roling", 3, "",
      "did you mean \"rolling\"?" },
};

static void expect_words(const char *line, const char *stream,
                         const char *words)
{
    if (words[0] == '\0')
        ck_assert_msg(stream[0] == '\0', "%s: printed \"%s\"", line, stream);
    else
        ck_assert_msg(strstr(stream, words) != NULL, "%s: \"%s\" not in \"%s\"",
                      line, words, stream);
}

START_TEST(command_lines_return_and_print_what_they_should)
{
    struct output o = command(lines[_i].line);

    ck_assert_msg(o.code == lines[_i].code, "%s: %d, not %d: %s",
                  lines[_i].line, o.code, lines[_i].code, o.err);
    expect_words(lines[_i].line, o.out, lines[_i].out);
    expect_words(lines[_i].line, o.err, lines[_i].err);
    output_free(&o);
}
END_TEST

/* Every option is documented, and no two options of a command share a name or
 * a letter. */
START_TEST(option_tables_are_whole)
{
    for (const struct command *c = commands; c->name; c++) {
        ck_assert(c->doc && c->example && c->usage && c->run);
        for (const struct option *o = c->options; o && o->name; o++) {
            ck_assert_msg(o->doc && o->doc[0], "%s --%s", c->name, o->name);
            ck_assert((o->arg == NULL) == (o->kind == OPTION_SWITCH));
            for (const struct option *p = o + 1; p->name; p++) {
                ck_assert_str_ne(o->name, p->name);
                ck_assert(o->letter == 0 || o->letter != p->letter);
            }
            for (const struct option *g = global_options; g->name; g++)
                ck_assert_str_ne(o->name, g->name);
        }
    }
}
END_TEST

/* `rollsim help` shows a line per command, and each example begins with the
 * program's name. */
START_TEST(help_names_every_command)
{
    struct output o = command("help");

    for (const struct command *c = commands; c->name; c++) {
        ck_assert_ptr_nonnull(strstr(o.out, c->name));
        ck_assert_ptr_nonnull(strstr(o.out, c->doc));
        ck_assert_ptr_nonnull(strstr(c->example, "rollsim"));
    }
    output_free(&o);
}
END_TEST

START_TEST(the_bare_program_explains_itself_in_fifteen_lines)
{
    struct output o = command("");
    int lines_printed = 0;

    for (const char *p = o.err; *p; p++)
        lines_printed += *p == '\n';
    ck_assert_int_le(lines_printed, 15);
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli");
    TCase *tc = tcase_create("cli");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, command_lines_return_and_print_what_they_should, 0,
                        (int)COUNT_OF(lines));
    tcase_add_test(tc, option_tables_are_whole);
    tcase_add_test(tc, help_names_every_command);
    tcase_add_test(tc, the_bare_program_explains_itself_in_fifteen_lines);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
