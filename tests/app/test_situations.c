/*
 * test_situations.c - what a cluster does step by step in situations that the
 * recordings do not have: answers by hand from the controllers' rules
 * (reference 1 to 3, 7), under profile exact.
 *
 * A pod takes 4 s to be ready (containerStart 1 s, startup 3 s, no probe) and
 * 2 s to stop, unless its image says otherwise; "bad" is never ready.
 */
#include <unistd.h>

#include "command.h"
#include "story.h"

static const char before[] =
    "kind: Scenario\n"
    "run: {duration: 10m, warmup: 1m, replications: 1}\n"
    "cluster: {profile: exact, kubernetes: \"%s\", nodes: [{name: n, count: 3, "
    "cpu: \"8\"}]}\n"
    "images:\n"
    "  \"*\": {containerStart: 1s, readiness: {after: 3s}, shutdown: {mode: "
    "ignore, time: 2s}}\n"
    "  app:bad: {readiness: never}\n"
    "  work: {runs: 5s}\n"
    "actions:\n";

#define POD(image) "{containers: [{name: c, image: \"" image "\"}]}"
#define SELECT(app) "selector: {matchLabels: {app: " app "}}, template: "     \
                    "{metadata: {labels: {app: " app "}}, spec: "
#define DEPLOYMENT(spec) "---\napiVersion: apps/v1\nkind: Deployment\n"       \
    "metadata: {name: web}\nspec: {" spec ", " SELECT("web") POD("app:1")     \
    "}}\n"
#define STATEFULSET(spec) "---\napiVersion: apps/v1\nkind: StatefulSet\n"     \
    "metadata: {name: db}\nspec: {serviceName: db, " spec ", " SELECT("db")   \
    POD("app:1") "}}\n"
#define DAEMONSET(spec) "---\napiVersion: apps/v1\nkind: DaemonSet\n"         \
    "metadata: {name: ds}\nspec: {" spec ", " SELECT("ds") POD("app:1")       \
    "}}\n"

#define BUDGET "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"     \
    "metadata: {name: b}\nspec: {minAvailable: 1, selector: {matchLabels: "   \
    "{app: web}}}\n"

static const struct story stories[] = {
#include "situations.list"
};

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new();
}

static void tear_down(void)
{
    arena_free(arena);
}

/* "name" runs on 1.36, "name [1.20]" on 1.20. */
START_TEST(it_goes_as_the_rules_say)
{
    const struct story *s = &stories[_i];
    char path[] = "/tmp/rollsim-situation-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "w");
    struct output o;

    fprintf(f, before, strstr(s->name, "[1.20]") ? "1.20" : "1.36");
    for (size_t i = 0; i < COUNT_OF(s->typed) && s->typed[i]; i++) {
        const char *bar = strchr(s->typed[i], '|');

        fprintf(f, "  - {at: %.*s, kubectl: '%s'}\n",
                (int)(bar - s->typed[i]), s->typed[i], bar + 1);
    }
    fputs(s->spec, f);
    fclose(f);
    o = command(arena_printf(arena, "explain --quiet --allow "
                                    "no-readiness-probe %s", path));
    unlink(path);
    ck_assert_msg(o.code == 0, "%s: %s", s->name, o.err);
    if (getenv("SHOW") && strcmp(getenv("SHOW"), s->name) == 0)
        puts(o.out);
    story_holds(arena, s, o.out);
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("situations");
    TCase *c = tcase_create("situations");
    SRunner *r;
    int failed;

    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_loop_test(c, it_goes_as_the_rules_say, 0,
                        (int)COUNT_OF(stories));
    suite_add_tcase(s, c);
    r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
