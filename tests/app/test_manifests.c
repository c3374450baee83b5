/*
 * test_manifests.c - manifests as people have them, rolled out unmodified.
 *
 * tests/manifests/ has what helm, kustomize, kubectl get and people write: each
 * file is checked, and a new version of one of its workloads is released; it
 * must be complete in time (OnDelete is never called so: there the old pods must
 * be gone).  What is not simulated of a file is counted.
 */
#include <check.h>
#include <unistd.h>
#include "base/arena.h"
#include "command.h"

static const struct row {
    const char *file, *workload, *images;
    const char *ignored;        /* in the line "not simulated:"; "" nothing */
    const char *more;           /* of the Scenario */
} rows[] = {
    { "anchors.yaml", "deployment/bills", "app: example/bills:1.1", "", "" },
    { "bookinfo.yaml", "deployment/reviews-v1", "reviews: reviews:2",
      "DestinationRule x1, VirtualService x1, Gateway x1", "" },
    { "boutique.yaml", "deployment/cartservice", "server: example/cart:2", "",
      "traffic: [{to: service/cartservice, rate: 5/s}]\n" },
    { "dry-run.yaml", "deployment/hello", "nginx: nginx:1.26", "", "" },
    { "fluent-bit.yaml", "daemonset/fluent-bit", "fluent-bit: fluent-bit:4",
      "", "" },
    { "grafana.yaml", "deployment/grafana", "grafana: grafana/grafana:12",
      "Prometheus x1, ServiceMonitor x1, PrometheusRule x1", "" },
    { "grafana.yaml", "daemonset/node-exporter", "node-exporter: exporter:2",
      "Prometheus x1", "" },
    { "guestbook.json", "deployment/guest-front", "php: gb-frontend:v6", "",
      "traffic: [{to: service/guest-front, rate: 5/s, "
      "clients: {outside: true}}]\n" },
    { "hooks.yaml", "deployment/q", "q: q:2", "Application x1, Certificate x1",
      "traffic: [{to: ingress/q.example.com, rate: 5/s, path: /x/}]\n" },
    { "hpa-gateway.yaml", "deployment/store-front", "store-front: store:2",
      "Gateway x1", "" },
    { "ingress-nginx.yaml", "deployment/edge-controller", "controller: nginx:2",
      "IngressClass x1, ValidatingWebhookConfiguration x1", "" },
    { "kubectl-get.yaml", "deployment/api", "api: team/api:1.5.0", "",
      "traffic: [{to: service/api, rate: 5/s}]\n" },
    { "nextcloud.yaml", "deployment/files", "nextcloud: nextcloud:29", "", "" },
    { "podinfo.yaml", "deployment/podinfo", "podinfod: podinfo:6.0.1", "",
      "traffic: [{to: service/podinfo, rate: 5/s}]\n" },
    { "postgres.yaml", "statefulset/postgres", "postgres: postgres:17",
      "Cluster x1", "" },
    { "redis.yaml", "statefulset/cache-redis-replicas", "redis: redis:7.4", "",
      "" },
    { "rollouts-demo.yaml", "rollout/rollouts-demo",
      "rollouts-demo: argoproj/rollouts-demo:yellow", "",
      "traffic: [{to: service/rollouts-demo-stable, rate: 5/s}]\n"
      "cluster: {monitoring: {metrics: {success: success_rate}}}\n"
      "actions: [{at: 2m, kubectl: argo rollouts promote rollouts-demo}]\n" },
    { "teams.yaml", "deployment/web", "web: example/web:2", "",
      "traffic: [{to: service/web, rate: 5/s}]\n" },
    { "vault.yaml", "statefulset/vault", "vault: vault:2", "",
      "actions: [{at: 90s, kubectl: delete pod vault-0 vault-1 vault-2}]\n" },
    { "windows.yaml", "deployment/shop", "shop: example.com/shop:2", "",
      "traffic: [{to: service/shop, rate: 5/s}]\n" },
    { "wordpress-1.20.yaml", "deployment/blog", "blog: wordpress:4.9",
      "Ingress x1",
      "cluster: {kubernetes: '1.20'}\n" },
};

#define ROWS (sizeof rows / sizeof rows[0])

static char folder[] = "/tmp/test_manifests.XXXXXX", path[80];

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/scenario.yaml", folder);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_scenario(const struct row *r)
{
    char here[4096];
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    fprintf(f, "kind: Scenario\nmanifests: ['%s/tests/manifests/%s']\n"
            "run: {duration: 20m, warmup: 1m}\n"
            "release: {at: 1m, workload: %s, images: {%s}}\n"
            "expect: [%s <= 1000]\n%s", here, r->file, r->workload,
            r->images, strstr(r->more, "delete") ? "old_gone_seconds"
            : "rollout_seconds", r->more);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(a_new_version_is_rolled_out)
{
    const struct row *r = &rows[_i];
    struct output o;
    char line[100];

    write_scenario(r);
    snprintf(line, sizeof line, "run -n 1 %s", path);
    o = command(line);
    ck_assert_msg(o.code == 0, "%s: exit %d\n%s%s", r->file, o.code, o.err,
                  o.out);
    ck_assert_msg(*r->ignored ? strstr(o.err, r->ignored) != NULL
                              : strstr(o.err, "not simulated:") == NULL,
                  "%s: %s", r->file, o.err);
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("manifests");
    TCase *tc = tcase_create("manifests");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, a_new_version_is_rolled_out, 0, (int)ROWS);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
