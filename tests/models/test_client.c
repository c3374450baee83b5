/*
 * test_client.c - calls to the API server: when they commit, when the caller
 * knows.
 */
#include "set_world.h"

#include "models/client.h"

#define MS(ns) ((double)(ns) / 1e6)

/* What a caller was told. */
struct told {
    struct world *w;
    sim_time at;                /* -1: not yet */
    enum api_code code;
    uint64_t version;           /* of the result */
};

static void on_done(struct call *call, enum api_code code,
                    const struct meta *result, const char *reason)
{
    struct told *told = call->ctx;

    (void)reason;
    told->at = world_now(told->w);
    told->code = code;
    told->version = result ? result->version : 0;
}

/* A Deployment in a settled world; calls take 10 ms, answers so long. */
static struct set_world *calls(sim_time answer)
{
    struct set_world *t = set_world_new(KUBE_1_36, 1);
    struct timings *row = &t->spec->cluster.timings;

    set_manifest(t, KIND_DEPLOYMENT, "");
    row->dist[TIMING_API_WRITE] = dist_constant(10 * SIM_MS);
    row->dist[TIMING_ANSWER] = dist_constant(answer);
    set_run(t, 0);
    return t;
}

static const sim_time answers[] = { 0, 5 * SIM_MS, 40 * SIM_MS };

/* The write is there after 10 ms; its writer hears of it later, of the version
 * that it wrote, also if there is a newer one by then. */
START_TEST(an_answer_comes_after_the_commit)
{
    struct set_world *t = calls(answers[_i]);
    struct told first = { t->w, -1, API_OK, 0 }, second = first;
    const struct meta *web = set_find(t, KIND_DEPLOYMENT, "web");
    sim_time start = world_now(t->w);
    struct client client;
    struct call *a = call_new(t->w, CALL_UPDATE);
    struct call *b = call_new(t->w, CALL_UPDATE);
    uint64_t before = web->version;

    client_init(&client, t->w, 0, 0, TIMING_API_WRITE, 1);
    a->draft = api_draft(t->w->api, web);
    a->draft->labels = labels_with(t->a, NULL, "a", "1");
    a->done = b->done = on_done;
    a->ctx = &first;
    b->ctx = &second;
    client_send(&client, a);
    sim_run(t->w->sim, start + 10 * SIM_MS);
    web = set_find(t, KIND_DEPLOYMENT, "web");
    ck_assert_uint_ne(web->version, before);
    ck_assert_int_eq(first.at >= 0, answers[_i] == 0);
    before = web->version;
    b->draft = api_draft(t->w->api, web);
    b->draft->labels = labels_with(t->a, NULL, "a", "2");
    client_send(&client, b);
    sim_run(t->w->sim, start + 100 * SIM_MS);
    ck_assert_double_eq(MS(first.at - start), 10 + MS(answers[_i]));
    ck_assert_double_eq(MS(second.at - start), 20 + MS(answers[_i]));
    ck_assert_int_eq(first.code, API_OK);
    ck_assert_uint_eq(first.version, before);
    ck_assert_uint_gt(second.version, before);
    set_world_free(t);
}
END_TEST

/* What is refused is known as late. */
START_TEST(a_refusal_travels_too)
{
    struct set_world *t = calls(answers[_i]);
    struct told told = { t->w, -1, API_OK, 0 };
    sim_time start = world_now(t->w);
    struct client client;
    struct call *call = call_new(t->w, CALL_DELETE);

    client_init(&client, t->w, 0, 0, TIMING_API_WRITE, 1);
    call->uid = 100000;
    call->done = on_done;
    call->ctx = &told;
    client_send(&client, call);
    sim_run(t->w->sim, start + SIM_S);
    ck_assert_double_eq(MS(told.at - start), 10 + MS(answers[_i]));
    ck_assert_int_eq(told.code, API_NOT_FOUND);
    set_world_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("client");
    TCase *tc = tcase_create("client");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, an_answer_comes_after_the_commit, 0, 3);
    tcase_add_loop_test(tc, a_refusal_travels_too, 0, 3);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
