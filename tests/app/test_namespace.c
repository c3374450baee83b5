/* Namespaces: what is not there, what is on its way out, and how it empties. */
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO(version)                                                     \
    "kind: Scenario\n"                                                        \
    "run: {duration: 3m, warmup: 10s, replications: 1}\n"                     \
    "images: {x: {shutdown: {mode: ignore}}}\n"                               \
    "cluster: {profile: exact, kubernetes: \"" version "\"}\n"

#define SPACE "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
#define SET(space)                                                            \
    "---\napiVersion: apps/v1\nkind: ReplicaSet\n"                            \
    "metadata: {name: p, namespace: " space "}\n"                             \
    "spec: {selector: {matchLabels: {a: p}}, template: {metadata: {labels: "  \
    "{a: p}}, spec: {terminationGracePeriodSeconds: 40, containers: [{name: " \
    "c, image: \"x:1\"}]}}}\n"

#define MAP(at, space)                                                        \
    "  - at: " at "\n"                                                        \
    "    kubectl: apply -f -\n"                                               \
    "    stdin: |\n"                                                          \
    "      {apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: " \
    space "}}\n"

static double refused(const char *words)
{
    return results_event(&r, NULL, "Refused", "", words, 0);
}

START_TEST(nothing_is_made_in_no_namespace)
{
    results_of_text(&r, SCENARIO("1.36") "actions:\n" MAP("5s", "other")
                    MAP("6s", "used") SET("used"));
    ck_assert_double_gt(refused("Error from server (NotFound): namespaces "
                                "\"other\" not found"), 5);
    ck_assert_double_gt(results_event(&r, NULL, "Done", "", "configmap/m "
                                      "created", 0), 6);
}
END_TEST

START_TEST(a_namespace_goes_when_its_pods_have_had_their_grace)
{
    /* Looked at after 5 s; the pod has 40 s; looked at again 21 s after each
     * time: empty at 10 + 5 + 3 * 21 s. */
    results_of_text(&r, SCENARIO("1.36") "actions:\n"
                    "  - {at: 10s, kubectl: delete namespace shop}\n"
                    MAP("20s", "shop") MAP("60s", "shop") MAP("90s", "shop")
                    SPACE SET("shop"));
    ck_assert_double_ge(results_pod(&r, NULL, "p-", "Terminating", 0), 15);
    ck_assert_double_le(results_pod(&r, NULL, "p-", "Terminating", 0), 15.1);
    ck_assert_double_ge(results_pod(&r, NULL, "p-", "Gone", 0), 55);
    ck_assert_double_eq(results_pod(&r, NULL, "p-", "Terminating", 1), NEVER);
    ck_assert_double_gt(refused("Error from server (Forbidden): configmaps "
        "\"m\" is forbidden: unable to create new content in namespace shop "
        "because it is being terminated"), 20);
    ck_assert_double_gt(refused("namespaces \"shop\" not found"), 60);
    ck_assert_double_eq(results_event(&r, NULL, "FailedCreate", "", "", 0),
                        NEVER);
}
END_TEST

START_TEST(the_default_namespace_stays)
{
    results_of_text(&r, SCENARIO("1.36") "actions: [{at: 5s, kubectl: delete "
                    "namespace default}]\n---\napiVersion: v1\nkind: "
                    "Namespace\nmetadata: {name: default}\n");
    ck_assert_double_gt(refused("this namespace may not be deleted"), 5);
}
END_TEST

START_TEST(a_namespace_is_back_when_it_has_been_gone)
{
    results_of_file(&r, "scenarios/namespace.yaml", "-n 1");
    ck_assert_double_gt(results_event(&r, NULL, "Done", "", "deployment.apps/"
                                      "web unchanged", 0), 70);
    ck_assert_double_gt(results_event(&r, NULL, "Done", "", "deployment.apps/"
                                      "web created", 0), 190);
    ck_assert_double_gt(results_metric(&r, NULL, "downtime"), 60);
    ck_assert_double_lt(results_metric(&r, NULL, "downtime"), 75);
    ck_assert_double_gt(results_pod(&r, NULL, "web-", "Ready", 3), 190);
    ck_assert_double_lt(results_pod(&r, NULL, "web-", "Ready", 3), 230);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("namespace");
    TCase *tc = tcase_create("namespace");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, nothing_is_made_in_no_namespace);
    tcase_add_test(tc, a_namespace_goes_when_its_pods_have_had_their_grace);
    tcase_add_test(tc, the_default_namespace_stays);
    tcase_add_test(tc, a_namespace_is_back_when_it_has_been_gone);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
