/* ConfigMaps and Secrets: what a change does, where it is seen, and when. */
#include <math.h>
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

/* A pod that answers nothing but errors once mode is bad; profile exact. */
#define SCENARIO(from)                                                        \
    "kind: Scenario\n"                                                        \
    "run: {duration: 400s, warmup: 0s, replications: 1}\n"                    \
    "cluster: {profile: exact}\n"                                             \
    "images:\n"                                                               \
    "  web:\n"                                                                \
    "    config: [{from: " from ", key: mode, is: bad, "                      \
    "then: {errorRate: 100%}}]\n"                                             \
    "traffic: [{to: service/web, rate: 20/s}]\n"

#define PATCH(at, kind, field, value)                                         \
    "  - {at: " at ", kubectl: \"patch " kind "/settings -p '{" field         \
    ": {mode: " value "}}'\"}\n"

#define POD(how)                                                              \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80}]}\n"                     \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 1\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers:\n"                                                     \
    "        - name: web\n"                                                   \
    "          image: web:1\n" how

#define FILES(mount)                                                          \
    "          volumeMounts: [{name: v, mountPath: /etc/v" mount "}]\n"       \
    "      volumes: [{name: v, configMap: {name: settings}}]\n"

#define ENVIRONMENT                                                           \
    "          envFrom: [{configMapRef: {name: settings}}]\n"

#define CONFIGMAP(more)                                                       \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: ConfigMap\n"                                                       \
    "metadata: {name: settings}\n"                                            \
    "data: {mode: good}\n" more

/* Requests that met an error, at 20 a second. */
static double errors(void)
{
    return results_metric(&r, NULL, "failed_error");
}

START_TEST(mounted_files_follow_with_the_next_full_sync)
{
    results_of_text(&r, SCENARIO("configmap/settings") "actions:\n"
                    PATCH("100s", "configmap", "data", "bad")
                    PATCH("200s", "configmap", "data", "good")
                    POD(FILES("")) CONFIGMAP(""));
    ck_assert_double_eq_tol(results_event(&r, NULL, "Refreshed", "pod/web-",
                                          "", 0), 120, 0.1);
    ck_assert_double_eq_tol(results_event(&r, NULL, "Refreshed", "pod/web-",
                                          "", 1), 240, 0.1);
    ck_assert_double_eq_tol(errors(), 120 * 20, 200);
}
END_TEST

START_TEST(the_environment_follows_with_a_restart_only)
{
    results_of_text(&r, SCENARIO("configmap/settings") "actions:\n"
                    PATCH("100s", "configmap", "data", "bad")
                    "  - {at: 300s, kubectl: rollout restart "
                    "deployment/web}\n" POD(ENVIRONMENT) CONFIGMAP(""));
    ck_assert_double_eq_tol(errors(), 100 * 20, 200);
}
END_TEST

START_TEST(a_file_mounted_by_subpath_never_follows)
{
    results_of_text(&r, SCENARIO("configmap/settings") "actions:\n"
                    PATCH("100s", "configmap", "data", "bad")
                    POD(FILES("/mode, subPath: mode")) CONFIGMAP(""));
    ck_assert_double_eq(errors(), 0);
    ck_assert_double_eq(results_event(&r, NULL, "Refreshed", "pod/", "", 0),
                        NEVER);
}
END_TEST

START_TEST(a_secret_means_what_its_base64_says)
{
    results_of_text(&r, SCENARIO("secret/settings") "actions:\n"
                    PATCH("100s", "secret", "data", "YmFk")
                    POD("          volumeMounts: [{name: v, mountPath: /v}]\n"
                        "      volumes: [{name: v, secret: {secretName: "
                        "settings}}]\n")
                    "---\napiVersion: v1\nkind: Secret\n"
                    "metadata: {name: settings}\ndata: {mode: Z29vZA==}\n");
    ck_assert_double_eq_tol(errors(), 280 * 20, 300);
}
END_TEST

START_TEST(what_is_immutable_is_not_changed)
{
    results_of_text(&r, SCENARIO("configmap/settings") "actions:\n"
                    PATCH("100s", "configmap", "data", "bad")
                    POD(FILES("")) CONFIGMAP("immutable: true\n"));
    ck_assert_double_eq(errors(), 0);
}
END_TEST

START_TEST(a_missing_one_matters_unless_it_is_optional)
{
    results_of_text(&r, SCENARIO("configmap/settings")
                    POD("          env: [{name: M, valueFrom: "
                        "{configMapKeyRef: {name: settings, key: mode, "
                        "optional: true}}}]\n"));
    ck_assert_double_ge(results_pod(&r, NULL, "web-", "Ready", 0), 0);
    results_free(&r);
    results_of_text(&r, SCENARIO("configmap/settings") POD(ENVIRONMENT));
    ck_assert_double_eq(results_pod(&r, NULL, "web-", "Ready", 0), NEVER);
    ck_assert_double_ge(results_event(&r, NULL, "Failed", "pod/web-",
                                      "\"settings\" not found", 0), 0);
}
END_TEST

/* Errors from the refresh on, also after the undo, until the change is taken
 * back; the environment brings them with the release, and keeps them. */
START_TEST(undo_does_not_bring_a_configmap_back)
{
    double first;

    results_of_file(&r, "scenarios/config-change.yaml", "-n 1");
    first = results_event(&r, "files", "Refreshed", "pod/prices-", "", 0);
    ck_assert_double_gt(first, 60);
    ck_assert_double_lt(first, 155);
    ck_assert_double_gt(results_metric(&r, "files", "failed_error"),
                        300 * 60 / 2);
    ck_assert_double_lt(results_metric(&r, "files", "failed_error"),
                        460 * 60 / 2);
    ck_assert_double_gt(results_metric(&r, "environment", "failed_error"),
                        440 * 60 / 2);
    ck_assert_double_lt(results_metric(&r, "environment", "failed_error"),
                        480 * 60 / 2);
}
END_TEST

#define CHANGING(others, image, then)                                         \
    "kind: Scenario\n"                                                        \
    "run: {duration: 400s, warmup: 0s, replications: 1}\n"                    \
    "cluster: {profile: exact}\n"                                             \
    "images: {" others "web: {" image ", config: [{from: "                    \
    "configmap/settings, key: mode, is: bad, then: {" then "}}]}}\n"          \
    "traffic: [{to: service/web, rate: 40/s, clients: {timeout: 1s}}]\n"      \
    "actions:\n" PATCH("100s", "configmap", "data", "bad")

/* One worker for 4 erlang of work until the refresh at 120 s, then eight: from
 * there on all is answered.  And ten for eight, then for one. */
START_TEST(the_number_of_workers_may_change)
{
    static const char *const departures[] = { "auto", "events" };

    for (size_t i = 0; i < COUNT_OF(departures); i++) {
        char text[4000];

        snprintf(text, sizeof(text), CHANGING(
            "", "service: 100ms, concurrency: 1, queue: 5, departures: %s",
            "concurrency: 8") POD(FILES("")) CONFIGMAP(""), departures[i]);
        if (i > 0)
            results_free(&r);
        results_of_text(&r, text);
        ck_assert_double_eq_tol(results_metric(&r, NULL, "failed_requests"),
                                120 * 30, 300);
        snprintf(text, sizeof(text), CHANGING(
            "", "service: 250ms, concurrency: 8, queue: 2, departures: %s",
            "concurrency: 1") POD(FILES("")) CONFIGMAP(""), departures[i]);
        results_free(&r);
        results_of_text(&r, text);
        ck_assert_double_eq_tol(results_metric(&r, NULL, "failed_requests"),
                                120 * 8 + 280 * 36, 600);
    }
}
END_TEST

/* A call that is under way is answered as it was made. */
START_TEST(calls_may_be_no_more)
{
    results_of_text(&r, CHANGING(
        "slow: {service: 250ms}, ",
        "service: 5ms, calls: [{to: service/back}, {to: service/back}]",
        "calls: []") POD(FILES("")) CONFIGMAP("")
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: back}\n"
        "spec: {selector: {app: back}, ports: [{port: 80}]}\n"
        "---\napiVersion: v1\nkind: Pod\nmetadata: {name: back, labels: "
        "{app: back}}\nspec: {containers: [{name: back, image: slow:1}]}\n");
    ck_assert_double_eq(errors(), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("config");
    TCase *tc = tcase_create("config");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, mounted_files_follow_with_the_next_full_sync);
    tcase_add_test(tc, the_environment_follows_with_a_restart_only);
    tcase_add_test(tc, a_file_mounted_by_subpath_never_follows);
    tcase_add_test(tc, a_secret_means_what_its_base64_says);
    tcase_add_test(tc, what_is_immutable_is_not_changed);
    tcase_add_test(tc, a_missing_one_matters_unless_it_is_optional);
    tcase_add_test(tc, the_number_of_workers_may_change);
    tcase_add_test(tc, calls_may_be_no_more);
    tcase_add_test(tc, undo_does_not_bring_a_configmap_back);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
