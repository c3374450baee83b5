/*
 * test_ingress.c - Ingresses: which path fits, when endpoints are known, what
 * is tried again, canaries; and headless Services.
 */
#include <check.h>

#include "models/action.h"
#include "models/api.h"
#include "models/ingress.h"
#include "models/route.h"
#include "toy_net.h"

static struct ingress *read_ingress(struct arena *a, const char *text)
{
    struct err_list errors;
    struct meta *m;

    err_init(&errors, a);
    m = kind_ops_of(KIND_INGRESS)->decode(a, value_flow(a, text, NULL),
                                          &errors);
    ck_assert_uint_eq(errors.errors, 0);
    return ingress_of(m);
}

/* ---- hosts and paths ------------------------------------------------------ */

#define PATH(path, type, service)                                             \
    "{path: " path ", pathType: " type ", backend: {service: {name: " service \
    ", port: {number: 80}}}}"

static const char shop[] =
    "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: shop},"
    " spec: {defaultBackend: {service: {name: rest, port: {number: 80}}},"
    " rules: [{host: shop.example, http: {paths: ["
    PATH("/", "Prefix", "web") ", " PATH("/cart", "Prefix", "cart") ", "
    PATH("/cart", "Exact", "cart-page") ", "
    PATH("/img/", "ImplementationSpecific", "images") "]}},"
    " {host: '*.shop.example', http: {paths: [" PATH("/", "Prefix", "tenant")
    "]}}, {http: {paths: [" PATH("/any", "Prefix", "any") "]}}]}}";

static const struct {
    const char *host, *path, *want;
} fits[] = {
    { "shop.example", "/", "web" },
    { "shop.example", "/cartoon", "web" },
    { "shop.example", "/cart", "cart-page" },
    { "shop.example", "/cart/1", "cart" },
    { "shop.example", "/img/a.png", "images" },
    { "shop.example", "/any", "web" },
    { "a.shop.example", "/any", "tenant" },
    { "b.a.shop.example", "/any/thing", "any" },
    { "b.a.shop.example", "/", "rest" },
};

START_TEST(the_longest_path_of_the_nearest_host_wins)
{
    struct arena *a = arena_new();
    const char *service = "none";

    ck_assert_int_gt(ingress_fit(read_ingress(a, shop), fits[_i].host,
                                 fits[_i].path, &service), 0);
    ck_assert_str_eq(service, fits[_i].want);
    arena_free(a);
}
END_TEST

/* ---- a toy with an Ingress ------------------------------------------------- */

static struct traffic_spec *through(struct toy *t, double per_s)
{
    struct traffic_spec *s = toy_clients(t, per_s);

    s->to = "ingress/shop.example/";
    s->host = "shop.example";
    s->path = "/";
    return s;
}

static void put_ingress(struct toy *t, const char *name, const char *notes,
                        const char *service)
{
    struct ingress *in = read_ingress(t->arena, arena_printf(t->arena,
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: "
        "%s, namespace: default, annotations: {%s}}, spec: {rules: [{host: "
        "shop.example, http: {paths: [{path: /, pathType: Prefix, backend: "
        "{service: {name: %s, port: {number: 80}}}}]}}]}}", name, notes,
        service));

    toy_create(t, api_draft(t->w->api, &in->meta));
}

#define NGINX(key, value) "nginx.ingress.kubernetes.io/" key ": '" value "'"

static struct rules *view(struct toy *t)
{
    return network_rules(t->w, INGRESS_NODE, "default", TOY_SERVICE);
}

/* Pods become Ready at 40, 40.2 and 40.5 s; syncs are 3 s apart and take
 * 100 ms: at once, then both together. */
START_TEST(the_view_follows_at_the_pace_of_the_controller)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 3, 100);
    toy_timing(&t, TIMING_INGRESS_PERIOD, 3);
    toy_timing(&t, TIMING_INGRESS_PICKUP, 0.1);
    through(&t, 1);
    toy_start(&t, 0);
    put_ingress(&t, "web", "", TOY_SERVICE);
    toy_run(&t, 40.0);
    toy_pod(&t, "web:1", 0);
    toy_run(&t, 40.09);
    ck_assert_uint_eq(view(&t)->len, 0);
    toy_run(&t, 40.11);
    ck_assert_uint_eq(view(&t)->len, 1);
    toy_run(&t, 40.2);
    toy_pod(&t, "web:1", 1);
    toy_run(&t, 40.5);
    toy_pod(&t, "web:1", 2);
    toy_run(&t, 43.09);
    ck_assert_uint_eq(view(&t)->len, 1);
    toy_run(&t, 43.11);
    ck_assert_uint_eq(view(&t)->len, 3);
    arena_free(t.arena);
}
END_TEST

/* A pod that exits on SIGTERM is listed for 5 s more.  What is tried again
 * survives; what nobody may try again is refused. */
static const struct {
    const char *notes;
    double writes;
    bool lost;                  /* refused requests are lost */
} tries[] = {
    { "", 0, false },
    { "", 1, false },           /* a refused connection: nothing was sent */
    { NGINX("proxy-next-upstream", "off"), 0, true },
    { NGINX("proxy-next-upstream", "timeout"), 0, true },
    { NGINX("proxy-next-upstream-tries", "1"), 0, true },
};

START_TEST(a_refused_connection_goes_to_the_next_endpoint)
{
    struct behaviour *b;
    struct toy t;
    object_uid pod;

    toy_open(&t, KUBE_1_36, 2, 60);
    toy_timing(&t, TIMING_WATCH_PROXY, 5);
    toy_timing(&t, TIMING_TEARDOWN, 30);        /* refuses, does not hang */
    b = toy_image(&t, "web:1");
    b->service = dist_constant(toy_time(0.001));
    b->concurrency = 1000;
    b->shutdown = SHUTDOWN_IMMEDIATE;
    through(&t, 100)->clients.writes = tries[_i].writes;
    toy_start(&t, 0);
    put_ingress(&t, "web", tries[_i].notes, TOY_SERVICE);
    toy_run(&t, 1);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 1);
    toy_run(&t, 30);
    toy_delete(&t, pod, 30);
    toy_end(&t);
    if (tries[_i].lost)
        ck_assert_double_gt(toy_get(&t, METRIC_FAILED_REFUSED), 200);
    else
        ck_assert_double_eq(toy_get(&t, METRIC_FAILED_REFUSED), 0);
    arena_free(t.arena);
}
END_TEST

/* All pods die while a request of 1 s is in them: GET is sent to the next one,
 * POST has been sent and is not. */
START_TEST(what_was_sent_is_sent_again_only_if_it_is_idempotent)
{
    struct behaviour *b;
    struct toy t;
    object_uid pod;

    toy_open(&t, KUBE_1_36, 2, 60);
    b = toy_image(&t, "web:1");
    b->service = dist_constant(toy_time(1));
    b->concurrency = 1000;
    b->shutdown = SHUTDOWN_IMMEDIATE;
    through(&t, 100)->clients.writes = _i;
    toy_start(&t, 0);
    put_ingress(&t, "web", "", TOY_SERVICE);
    pod = toy_pod(&t, "web:1", 0);
    toy_pod(&t, "web:1", 1);
    toy_run(&t, 30.5);
    toy_delete(&t, pod, 30);
    toy_end(&t);
    if (_i)
        ck_assert_double_gt(toy_get(&t, METRIC_FAILED_RESET), 20);
    else
        ck_assert_double_eq(toy_get(&t, METRIC_FAILED_RESET), 0);
    arena_free(t.arena);
}
END_TEST

/* ---- canaries ----------------------------------------------------------------- */

static const struct attribute_share testers[] = { { "x-canary", "always",
                                                    0.1 },
                                                  { "x-canary", "yes", 0.2 },
                                                  { "tester", "always", 0.3 }
                                                };

static const struct {
    const char *notes;
    double share;
} canaries[] = {
    { NGINX("canary-weight", "0"), 0 },
    { NGINX("canary-weight", "25"), 0.25 },
    { NGINX("canary-weight", "3") ", " NGINX("canary-weight-total", "4"),
      0.75 },
    { NGINX("canary-by-header", "x-canary"), 0.1 },
    { NGINX("canary-by-header", "x-canary") ", "
      NGINX("canary-by-header-value", "yes"), 0.2 },
    { NGINX("canary-by-cookie", "tester"), 0.3 },
    { NGINX("canary-by-cookie", "tester") ", " NGINX("canary-weight", "50"),
      0.3 + 0.7 * 0.5 },
};

START_TEST(a_canary_gets_its_share)
{
    struct traffic_spec *s;
    struct toy t;
    double want = canaries[_i].share, got;

    toy_open(&t, KUBE_1_36, 2, 200);
    toy_image(&t, "web:2")->error.rate = 1;     /* so that it can be counted */
    s = through(&t, 100);
    s->clients.attributes = testers;
    s->clients.nattributes = 3;
    toy_start(&t, 0);
    toy_create(&t, &toy_service_draft(&t, "next", toy_select(&t, "next"))
                        ->meta);
    put_ingress(&t, "web", "", TOY_SERVICE);
    put_ingress(&t, "next", arena_printf(t.arena, "%s, %s",
                NGINX("canary", "true"), canaries[_i].notes), "next");
    toy_pod(&t, "web:1", 0);
    toy_pod_of(&t, toy_template(&t, "next", "web:2"), 1);
    toy_end(&t);
    got = toy_get(&t, METRIC_FAILED_ERROR) / toy_get(&t, METRIC_REQUESTS);
    ck_assert_double_eq_tol(got, want, 0.012);  /* 3 sd of 20000 */
    arena_free(t.arena);
}
END_TEST

START_TEST(without_an_ingress_there_is_nothing_to_route_to)
{
    struct toy t;

    toy_open(&t, KUBE_1_36, 1, 20);
    through(&t, 10);
    toy_start(&t, 0);
    toy_pod(&t, "web:1", 0);
    toy_end(&t);
    ck_assert_double_eq(toy_get(&t, METRIC_FAILED_NO_ENDPOINT),
                        toy_get(&t, METRIC_REQUESTS));
    ck_assert_double_eq_tol(toy_get(&t, METRIC_DOWNTIME), 20, 1e-6);
    arena_free(t.arena);
}
END_TEST

/* ---- headless Services ------------------------------------------------------------ */

/* Its clients use old addresses for up to the life of a record. */
START_TEST(addresses_of_a_headless_service_live_for_their_time)
{
    struct traffic_spec *s;
    struct service *svc;
    struct rules *r;
    struct toy t;
    double known;

    toy_open(&t, KUBE_1_36, 1, 300);
    toy_timing(&t, TIMING_DNS_TTL, 30);
    s = toy_clients(&t, 1);
    s->to = "service/pods";
    toy_start(&t, 0);
    svc = toy_service_draft(&t, "pods", t.selector);
    svc->headless = true;
    toy_create(&t, &svc->meta);
    toy_pod(&t, "web:1", 0);
    r = network_rules(t.w, toy_node(&t, 0), "default", "pods");
    for (known = 0; r->len == 0 && known < 40; known += 0.01)
        toy_run(&t, known);
    ck_assert_double_lt(known, 30.1);
    toy_pod(&t, "web:1", 0);    /* just after a lookup: the next is 30 s on */
    toy_run(&t, known + 29.9);
    ck_assert_uint_eq(r->len, 1);
    toy_run(&t, known + 30.1);
    ck_assert_uint_eq(r->len, 2);
    arena_free(t.arena);
}
END_TEST

#define LEN(a) (int)(sizeof(a) / sizeof((a)[0]))

int main(void)
{
    Suite *suite = suite_create("ingress");
    TCase *c = tcase_create("ingress");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(c, the_longest_path_of_the_nearest_host_wins, 0,
                        LEN(fits));
    tcase_add_test(c, the_view_follows_at_the_pace_of_the_controller);
    tcase_add_loop_test(c, a_refused_connection_goes_to_the_next_endpoint, 0,
                        LEN(tries));
    tcase_add_loop_test(c,
        what_was_sent_is_sent_again_only_if_it_is_idempotent, 0, 2);
    tcase_add_loop_test(c, a_canary_gets_its_share, 0, LEN(canaries));
    tcase_add_test(c, without_an_ingress_there_is_nothing_to_route_to);
    tcase_add_test(c, addresses_of_a_headless_service_live_for_their_time);
    suite_add_tcase(suite, c);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
