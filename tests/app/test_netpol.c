/* NetworkPolicies: who gets through, what the others notice, and when. */
#include "results.h"

static struct results r;

static void tear_down(void)
{
    results_free(&r);
}

#define SCENARIO                                                              \
    "kind: Scenario\n"                                                        \
    "run: {duration: 60s, warmup: 10s, replications: 1}\n"

#define EXACT SCENARIO "cluster: {profile: exact}\n"

#define FROM(from)                                                            \
    "traffic:\n"                                                              \
    "  - {to: service/web, rate: 5/s, clients: {timeout: 2s, "                \
    "connectTimeout: 1s, from: " from "}}\n"

#define OBJECTS                                                               \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Namespace\n"                                                       \
    "metadata: {name: front, labels: {team: front}}\n"                        \
    "---\n"                                                                   \
    "apiVersion: apps/v1\n"                                                   \
    "kind: Deployment\n"                                                      \
    "metadata: {name: web}\n"                                                 \
    "spec:\n"                                                                 \
    "  replicas: 2\n"                                                         \
    "  selector: {matchLabels: {app: web}}\n"                                 \
    "  template:\n"                                                           \
    "    metadata: {labels: {app: web}}\n"                                    \
    "    spec:\n"                                                             \
    "      containers: [{name: web, image: \"web:1\", ports: [{name: http, "  \
    "containerPort: 8080}]}]\n"                                               \
    "---\n"                                                                   \
    "apiVersion: v1\n"                                                        \
    "kind: Service\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}\n"

#define POLICY(name, spec)                                                    \
    "---\n"                                                                   \
    "apiVersion: networking.k8s.io/v1\n"                                      \
    "kind: NetworkPolicy\n"                                                   \
    "metadata: {name: " name "}\n"                                            \
    "spec: " spec "\n"

#define DENY POLICY("deny", "{podSelector: {}}")
#define IN(rule) POLICY("in", "{podSelector: {matchLabels: {app: web}}, "     \
                        "ingress: [" rule "]}")

static double failed(const char *cause)
{
    return results_metric(&r, NULL, cause);
}

/* ---- the scenario ------------------------------------------------------- */

START_TEST(green_is_not_reached_until_the_policy_knows_it)
{
    results_of_file(&r, "scenarios/network-policy.yaml", "-n 1");
    ck_assert_double_eq_tol(results_metric(&r, "forgotten", "downtime"), 60,
                            1.5);
    ck_assert_double_gt(results_metric(&r, "forgotten", "failed_hang"), 2200);
    ck_assert_double_eq(results_metric(&r, "forgotten", "failed_hang"),
                        results_metric(&r, "forgotten", "failed_requests"));
    ck_assert_double_eq(results_metric(&r, "allowed", "failed_requests"), 0);
    ck_assert_double_ge(results_pod(&r, "forgotten", "shop-green-", "Ready",
                                    2), 60);
}
END_TEST

/* ---- who gets through --------------------------------------------------- */

static const struct {
    const char *what, *policies, *from;
    bool passes;
} rows[] = {
    { "no policy", "", "{}", true },
    { "deny all", DENY, "{}", false },
    { "deny in another namespace", POLICY("deny, namespace: front",
      "{podSelector: {}}"), "{}", true },
    { "deny other pods", POLICY("deny", "{podSelector: {matchLabels: {app: "
      "db}}}"), "{}", true },
    { "an empty rule lets everybody in", DENY IN("{}"), "{}", true },
    { "policies add up", IN("{from: [{podSelector: {matchLabels: {a: b}}}]}")
      POLICY("too", "{podSelector: {}, ingress: [{from: [{podSelector: "
      "{matchLabels: {c: d}}}]}]}"), "{labels: {c: d}}", true },
    { "pods of the namespace", IN("{from: [{podSelector: {}}]}"), "{}",
      true },
    { "pods of another one", IN("{from: [{podSelector: {}}]}"),
      "{namespace: front}", false },
    { "any namespace", IN("{from: [{namespaceSelector: {}}]}"),
      "{namespace: front}", true },
    { "a namespace by its label", IN("{from: [{namespaceSelector: "
      "{matchLabels: {team: front}}}]}"), "{namespace: front}", true },
    { "a namespace by its name", IN("{from: [{namespaceSelector: "
      "{matchLabels: {kubernetes.io/metadata.name: front}}}]}"),
      "{namespace: front}", true },
    { "both selectors in one item", IN("{from: [{namespaceSelector: "
      "{matchLabels: {team: front}}, podSelector: {matchLabels: {app: "
      "x}}}]}"), "{namespace: front}", false },
    { "both, and both fit", IN("{from: [{namespaceSelector: {matchLabels: "
      "{team: front}}, podSelector: {matchLabels: {app: x}}}]}"),
      "{namespace: front, labels: {app: x}}", true },
    { "two items are alternatives", IN("{from: [{namespaceSelector: "
      "{matchLabels: {team: front}}}, {podSelector: {matchLabels: {app: "
      "x}}}]}"), "{namespace: front}", true },
    { "addresses", IN("{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}"),
      "{address: 198.51.100.9}", true },
    { "other addresses", IN("{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}"),
      "{address: 198.51.101.9}", false },
    { "exceptions", IN("{from: [{ipBlock: {cidr: 198.51.100.0/24, except: "
      "[198.51.100.8/29]}}]}"), "{address: 198.51.100.9}", false },
    { "selectors mean no addresses", IN("{from: [{namespaceSelector: {}}]}"),
      "{address: 198.51.100.9}", false },
    { "the port", IN("{ports: [{port: 8080}]}"), "{}", true },
    { "the port by name", IN("{ports: [{port: http}]}"), "{}", true },
    { "the port of the Service is none", IN("{ports: [{port: 80}]}"), "{}",
      false },
    { "a range of ports", IN("{ports: [{port: 8000, endPort: 8079}, {port: "
      "8080, endPort: 9000}]}"), "{}", true },
    { "another protocol", IN("{ports: [{protocol: UDP, port: 8080}]}"), "{}",
      false },
    { "egress of the clients", POLICY("out", "{podSelector: {matchLabels: "
      "{app: x}}, policyTypes: [Egress]}"), "{labels: {app: x}}", false },
    { "egress to them", POLICY("out", "{podSelector: {matchLabels: {app: "
      "x}}, policyTypes: [Egress], egress: [{to: [{podSelector: "
      "{matchLabels: {app: web}}}], ports: [{port: 8080}]}]}"),
      "{labels: {app: x}}", true },
    { "egress rules do not isolate ingress", POLICY("out", "{podSelector: "
      "{}, policyTypes: [Egress]}"), "{address: 198.51.100.9}", true },
    { "egress given implies its type", POLICY("out", "{podSelector: "
      "{matchLabels: {app: x}}, ingress: [{}], egress: []}"),
      "{labels: {app: x}}", false },
    { "both ends must agree", IN("{}") POLICY("out", "{podSelector: "
      "{matchLabels: {app: x}}, egress: [{to: [{podSelector: {matchLabels: "
      "{app: db}}}]}]}"), "{labels: {app: x}}", false },
};

START_TEST(connections_need_consent)
{
    struct arena *a = arena_new();
    const char *from = arena_printf(a, "traffic:\n  - {to: service/web, rate: "
                                    "5/s, clients: {timeout: 2s, "
                                    "connectTimeout: 1s, from: %s}}\n",
                                    rows[_i].from);

    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS "%s", from,
                                     rows[_i].policies));
    ck_assert_msg((failed("failed_requests") == 0) == rows[_i].passes,
                  "%s: %g failed", rows[_i].what, failed("failed_requests"));
    if (!rows[_i].passes) {
        ck_assert_double_gt(failed("failed_hang"), 300);        /* of 325 */
        ck_assert_double_eq(failed("downtime"), 60);
    }
    arena_free(a);
}
END_TEST

/* ---- ways ---------------------------------------------------------------- */

#define INGRESS                                                               \
    "---\n"                                                                   \
    "apiVersion: networking.k8s.io/v1\n"                                      \
    "kind: Ingress\n"                                                         \
    "metadata: {name: web}\n"                                                 \
    "spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n"

START_TEST(behind_an_ingress_its_controller_needs_consent)
{
    static const char traffic[] = "traffic: [{to: ingress/web, rate: 5/s, "
                                  "clients: {timeout: 2s}}]\n";
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS INGRESS DENY,
                                     traffic));
    ck_assert_double_gt(failed("failed_hang"), 300);
    results_free(&r);
    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS INGRESS DENY
                    IN("{from: [{namespaceSelector: {matchLabels: "
                       "{kubernetes.io/metadata.name: ingress-nginx}}}]}"),
                    traffic));
    ck_assert_double_eq(failed("failed_requests"), 0);
    arena_free(a);
}
END_TEST

START_TEST(clients_outside_are_no_pods)
{
    static const char traffic[] =
        "traffic: [{to: service/edge, rate: 5/s, clients: {timeout: 2s, "
        "connectTimeout: 1s, outside: true}}]\n";
    static const char edge[] =
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: edge}\n"
        "spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, "
        "targetPort: 8080}]}\n";
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS "%s"
                    IN("{from: [{namespaceSelector: {}}]}"), traffic, edge));
    ck_assert_double_gt(failed("failed_hang"), 250);
    ck_assert_double_eq(failed("failed_hang"), failed("failed_requests"));
    ck_assert_double_lt(failed("availability"), 0.1);
    results_free(&r);
    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS "%s"
                    IN("{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}"), traffic,
                    edge));
    ck_assert_double_eq(failed("failed_requests"), 0);
    arena_free(a);
}
END_TEST

START_TEST(calls_of_pods_need_consent_too)
{
    static const char images[] =
        "images: {front: {calls: [{to: service/web}]}}\n"
        "traffic: [{to: service/front, rate: 5/s, clients: {timeout: 2s}}]\n";
    static const char front[] =
        "---\n"
        "apiVersion: v1\n"
        "kind: Pod\n"
        "metadata: {name: front, labels: {app: front}}\n"
        "spec: {containers: [{name: f, image: \"front:1\"}]}\n"
        "---\n"
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata: {name: front}\n"
        "spec: {selector: {app: front}, ports: [{port: 80}]}\n";
    struct arena *a = arena_new();

    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS "%s"
                    IN("{from: [{podSelector: {matchLabels: {app: front}}}]}"),
                    images, front));
    ck_assert_double_eq(failed("failed_requests"), 0);
    results_free(&r);
    results_of_text(&r, arena_printf(a, EXACT "%s" OBJECTS "%s"
                    IN("{from: [{podSelector: {matchLabels: {app: back}}}]}"),
                    images, front));
    ck_assert_double_gt(failed("failed_timeout"), 290);
    arena_free(a);
}
END_TEST

START_TEST(enforcement_comes_later)
{
    /* Denied at 20 s, in force on every node 5 s after it is known. */
    results_of_text(&r, SCENARIO
                    "cluster: {profile: exact, timings: {policyEnforcement: "
                    "5s}}\n"
                    "actions:\n"
                    "  - at: 20s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: networking.k8s.io/v1, kind: "
                    "NetworkPolicy, metadata: {name: deny}, spec: "
                    "{podSelector: {}}}\n"
                    "  - {at: 40s, kubectl: delete netpol deny}\n"
                    FROM("{}") OBJECTS);
    ck_assert_double_eq_tol(results_metric(&r, NULL, "downtime"), 20, 0.01);
    ck_assert_double_gt(failed("failed_hang"), 70);
    ck_assert_double_lt(failed("failed_hang"), 130);
}
END_TEST

START_TEST(new_pods_are_isolated_before_they_are_allowed)
{
    /* Two new pods take over at 20 s, ready at once; the agents let their
     * clients in 5 s later. */
    results_of_text(&r, SCENARIO
                    "cluster: {profile: exact, timings: {policyEnforcement: "
                    "5s}}\n"
                    "actions:\n"
                    "  - {at: 20s, kubectl: \"delete pods -l app=web\"}\n"
                    FROM("{labels: {app: x}}") OBJECTS
                    IN("{from: [{podSelector: {matchLabels: {app: x}}}]}"));
    ck_assert_double_ge(results_metric(&r, NULL, "downtime"), 4.9);
    ck_assert_double_le(results_metric(&r, NULL, "downtime"), 5.1);
}
END_TEST

START_TEST(open_connections_live_on)
{
    results_of_text(&r, EXACT
                    "actions:\n"
                    "  - at: 20s\n"
                    "    kubectl: apply -f -\n"
                    "    stdin: |\n"
                    "      {apiVersion: networking.k8s.io/v1, kind: "
                    "NetworkPolicy, metadata: {name: deny}, spec: "
                    "{podSelector: {}}}\n"
                    "traffic: [{to: service/web, rate: 5/s, clients: "
                    "{protocol: http2, keepAlive: true}}]\n" OBJECTS);
    ck_assert_double_eq(failed("failed_requests"), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("netpol");
    TCase *tc = tcase_create("netpol");
    SRunner *sr;
    int failures;

    tcase_add_checked_fixture(tc, NULL, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, green_is_not_reached_until_the_policy_knows_it);
    tcase_add_loop_test(tc, connections_need_consent, 0, COUNT_OF(rows));
    tcase_add_test(tc, behind_an_ingress_its_controller_needs_consent);
    tcase_add_test(tc, clients_outside_are_no_pods);
    tcase_add_test(tc, calls_of_pods_need_consent_too);
    tcase_add_test(tc, enforcement_comes_later);
    tcase_add_test(tc, new_pods_are_isolated_before_they_are_allowed);
    tcase_add_test(tc, open_connections_live_on);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failures = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failures != 0;
}
