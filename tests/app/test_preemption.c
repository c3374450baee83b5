/* Priorities and preemption: who goes, where to, and who waits. */
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* Two nodes of 4 cpu; time stamps of starts are seconds apart. */
#define EXACT                                                                 \
    "kind: Scenario\n"                                                        \
    "run: {duration: 5m, warmup: 60s, replications: 1}\n"                     \
    "images: {slow: {shutdown: {mode: ignore}}}\n"                            \
    "cluster: {profile: exact, nodes: [{name: n, count: 2, cpu: \"4\"}]}\n"

#define CLASS(name, value, more)                                              \
    "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n"            \
    "metadata: {name: " name "}\nvalue: " #value "\n" more

#define CLASSES CLASS("low", 10, "") CLASS("mid", 20, "")                     \
                CLASS("high", 30, "") CLASS("polite", 30,                     \
                                            "preemptionPolicy: Never\n")

#define POD(name, class, cpu, more)                                           \
    "---\napiVersion: v1\nkind: Pod\n"                                        \
    "metadata: {name: " name ", labels: {app: " name "}}\n"                   \
    "spec: {priorityClassName: " class ", containers: [{name: c, image: "     \
    "\"x:1\", resources: {requests: {cpu: " #cpu "}}}]" more "}\n"

#define ON(n) ", nodeSelector: {kubernetes.io/hostname: n-" #n "}"

/* Applied at 10 s, on one line. */
#define LATER(class, cpu)                                                     \
    "actions:\n"                                                              \
    "  - at: 10s\n"                                                           \
    "    kubectl: apply -f -\n"                                               \
    "    stdin: |\n"                                                          \
    "      {apiVersion: v1, kind: Pod, metadata: {name: new, labels: {app: "  \
    "new}}, spec: {priorityClassName: " class ", containers: [{name: c, "     \
    "image: \"x:1\", resources: {requests: {cpu: " #cpu "}}}]}}\n"

#define BUDGET(app)                                                           \
    "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"                 \
    "metadata: {name: " app "}\n"                                             \
    "spec: {maxUnavailable: 0, selector: {matchLabels: {app: " app "}}}\n"

static double state(const char *pod, const char *what)
{
    return results_pod(&r, NULL, pod, what, 0);
}

/* Who has to go for "new" and who has not. */
static const struct {
    const char *what, *action, *objects, *goes[2], *stays[3];
    bool comes;
} rows[] = {
    { "nobody, where there is room", LATER("high", 2),
      CLASSES POD("a", "low", 3, ON(0)), { NULL }, { "a" }, true },
    { "nobody of the same priority", LATER("low", 2),
      CLASSES POD("a", "low", 3, ON(0)) POD("b", "low", 3, ON(1)),
      { NULL }, { "a", "b" }, false },
    { "nobody for one that may not", LATER("polite", 2),
      CLASSES POD("a", "low", 3, ON(0)) POD("b", "low", 3, ON(1)),
      { NULL }, { "a", "b" }, false },
    { "the one of lower priority", LATER("high", 2),
      CLASSES POD("a", "mid", 3, ON(0)) POD("b", "low", 3, ON(1)),
      { "b" }, { "a" }, true },
    { "one rather than two", LATER("high", 3),
      CLASSES POD("a", "low", 2, ON(0)) POD("b", "low", 2, ON(0))
      POD("c", "low", 4, ON(1)), { "c" }, { "a", "b" }, true },
    { "only as many as it takes", LATER("high", 2),
      CLASSES POD("a", "low", 1, ON(0)) POD("b", "low", 2, ON(0))
      POD("c", "low", 1, ON(0)) POD("d", "high", 4, ON(1)), { "b" },
      { "a", "d" }, true },
    { "none that a budget guards, if there is another", LATER("high", 2),
      CLASSES POD("a", "low", 3, ON(0)) POD("b", "mid", 3, ON(1))
      BUDGET("a"), { "b" }, { "a" }, true },
    { "one that a budget guards, if there is no other", LATER("high", 2),
      CLASSES POD("a", "low", 3, ON(0)) POD("b", "high", 3, ON(1))
      BUDGET("a"), { "a" }, { "b" }, true },
    { "nobody, if it does not fit anyway", LATER("high", 5),
      CLASSES POD("a", "low", 3, ON(0)), { NULL }, { "a" }, false },
};

START_TEST(those_go_who_lose_least)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s%s", rows[_i].action,
                                     rows[_i].objects));
    for (int i = 0; i < 2 && rows[_i].goes[i]; i++) {
        const char *name = rows[_i].goes[i];

        ck_assert_msg(state(name, "Gone") > 10, "%s: %s stays",
                      rows[_i].what, name);
        ck_assert_double_gt(results_event(&r, NULL, "Preempted",
            arena_printf(a, "pod/%s", name), "Preempted by default/new on "
            "node n-", 0), 10);
    }
    for (int i = 0; i < 3 && rows[_i].stays[i]; i++)
        ck_assert_msg(state(rows[_i].stays[i], "Terminating") == NEVER,
                      "%s: %s goes", rows[_i].what, rows[_i].stays[i]);
    ck_assert_msg((state("new", "Ready") > 10) == rows[_i].comes,
                  "%s: new %g", rows[_i].what, state("new", "Ready"));
    arena_free(a);
}
END_TEST

START_TEST(the_youngest_go)
{
    /* b starts 20 s after a; both would do. */
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 0s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: Pod, metadata: {name: b}, "
                    "spec: {priorityClassName: low, containers: [{name: c, "
                    "image: \"x:1\", resources: {requests: {cpu: 3}}}]}}\n"
                    "  - at: 20s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: Pod, metadata: {name: new}, "
                    "spec: {priorityClassName: high, containers: [{name: c, "
                    "image: \"x:1\", resources: {requests: {cpu: 3}}}]}}\n"
                    CLASSES POD("a", "low", 3, ""));
    ck_assert_double_gt(state("b", "Gone"), 20);
    ck_assert_double_eq(state("a", "Terminating"), NEVER);
}
END_TEST

#define STUBBORN                                                              \
    "---\napiVersion: v1\nkind: Pod\n"                                        \
    "metadata: {name: old}\n"                                                 \
    "spec: {priorityClassName: low, terminationGracePeriodSeconds: 40, "      \
    "nodeSelector: {kubernetes.io/hostname: n-0}, containers: [{name: c, "    \
    "image: \"slow:1\", resources: {requests: {cpu: 4}}}]}\n"

START_TEST(victims_have_their_grace_and_the_room_is_kept)
{
    /* The victim takes 40 s; another pod of less priority that comes
     * meanwhile must not take the room. */
    results_of_text(&r, EXACT LATER("high", 4)
                    "  - at: 49.9s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: Pod, metadata: {name: late}, "
                    "spec: {priorityClassName: mid, containers: [{name: c, "
                    "image: \"x:1\", resources: {requests: {cpu: 4}}}]}}\n"
                    CLASSES STUBBORN POD("rest", "high", 4, ON(1)));
    ck_assert_double_ge(state("old", "Terminating"), 10);
    ck_assert_double_le(state("old", "Terminating"), 10.1);
    ck_assert_double_ge(state("old", "Gone"), 50);
    ck_assert_double_ge(state("new", "Scheduled"), 50);
    ck_assert_double_le(state("new", "Scheduled"), 51);
    ck_assert_double_eq(state("late", "Scheduled"), NEVER);
}
END_TEST

/* Each request takes a second, that which makes the pod too: 1.36 says why
 * first, and deletes then. */
START_TEST(victims_are_told_before_they_are_deleted)
{
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a,
        "kind: Scenario\n"
        "run: {duration: 5m, warmup: 60s, replications: 1}\n"
        "cluster: {profile: exact, kubernetes: \"%s\", timings: {apiWrite: "
        "1s}, nodes: [{name: n, count: 1, cpu: \"4\"}]}\n" LATER("high", 2)
        CLASSES POD("old", "low", 3, ""), _i ? "1.20" : "1.36"));
    ck_assert_double_ge(state("old", "Terminating"), _i ? 12 : 13);
    ck_assert_double_le(state("old", "Terminating"), _i ? 12.5 : 13.5);
    arena_free(a);
}
END_TEST

START_TEST(an_unknown_class_is_refused)
{
    results_of_text(&r, EXACT LATER("gone", 1) CLASSES);
    ck_assert_double_gt(results_event(&r, NULL, "Refused", "", "Error from "
        "server (Forbidden): pods \"new\" is forbidden: no PriorityClass with "
        "name gone was found", 0), 10);
}
END_TEST

START_TEST(the_default_is_global)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 10s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: v1, kind: Pod, metadata: {name: new}, "
                    "spec: {containers: [{name: c, image: \"x:1\", "
                    "resources: {requests: {cpu: 2}}}]}}\n"
                    CLASS("usual", 15, "globalDefault: true\n") CLASSES
                    POD("a", "low", 3, ON(0)) POD("b", "mid", 3, ON(1)));
    ck_assert_double_gt(state("a", "Gone"), 10);
    ck_assert_double_eq(state("b", "Terminating"), NEVER);
}
END_TEST

START_TEST(a_rollout_is_pushed_off)
{
    results_of_file(&r, "scenarios/preemption.yaml", "-n 1");
    ck_assert_double_lt(results_metric(&r, "pushed-off", "capacity_dip"),
                        0.75);
    ck_assert_double_eq(results_metric(&r, "same-priority", "capacity_dip"),
                        1);
    ck_assert_double_gt(results_event(&r, "pushed-off", "Preempted",
                                      "pod/search-", "", 3), 65);
    ck_assert_double_eq(results_event(&r, "same-priority", "Preempted", "",
                                      "", 0), NEVER);
    ck_assert_double_gt(results_metric(&r, "pushed-off", "rollout_seconds"),
                        300);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("preemption");
    TCase *tc = tcase_create("preemption");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, those_go_who_lose_least, 0, COUNT_OF(rows));
    tcase_add_test(tc, the_youngest_go);
    tcase_add_test(tc, victims_have_their_grace_and_the_room_is_kept);
    tcase_add_loop_test(tc, victims_are_told_before_they_are_deleted, 0, 2);
    tcase_add_test(tc, an_unknown_class_is_refused);
    tcase_add_test(tc, the_default_is_global);
    tcase_add_test(tc, a_rollout_is_pushed_off);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
