/* The command line of kubectl: words, verbs, flags, refusals; and the tables
 * of verbs and strategies. */
#include <check.h>
#include <string.h>
#include "base/bug.h"
#include "models/action.h"
#include "models/strategy.h"

static struct arena *arena;
static struct err_list errors;

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* A line; its verb; its words joined by '|'; one flag and its text. */
static const struct {
    const char *line, *verb, *words, *flag, *text;
} good[] = {
    { "scale deployment/web --replicas=3", "scale", "deployment/web",
      "replicas", "3" },
    { "scale --replicas 3 deployment web", "scale", "deployment|web",
      "replicas", "3" },
    { "set image deployment/web web=shop/web:1.1 log=shop/log:2", "set image",
      "deployment/web|web=shop/web:1.1|log=shop/log:2", NULL, NULL },
    { "set  image\tdeployment/web 'web=a b'", "set image",
      "deployment/web|web=a b", NULL, NULL },
    { "annotate deployment/web note=\"say \\\"hi\\\"\"", "annotate",
      "deployment/web|note=say \"hi\"", NULL, NULL },
    { "annotate deployment/web note='a\\b'", "annotate",
      "deployment/web|note=a\\b", NULL, NULL },
    { "annotate deployment/web note=a\\ b", "annotate",
      "deployment/web|note=a b", NULL, NULL },
    { "annotate deployment/web note=''", "annotate", "deployment/web|note=",
      NULL, NULL },
    { "label pod a tier- --overwrite", "label", "pod|a|tier-", "overwrite",
      "true" },
    { "label pod a tier=x --overwrite=false", "label", "pod|a|tier=x",
      "overwrite", NULL },
    { "patch deployment web -p {\"a\":1}", "patch", "deployment|web", "patch",
      "{a:1}" },
    { "patch deployment web -p'{\"a\": 1}'", "patch", "deployment|web",
      "patch", "{\"a\": 1}" },
    { "rollout undo deployment/web --to-revision=2", "rollout undo",
      "deployment/web", "to-revision", "2" },
    { "rollout status -n shop deployment/web --timeout=60s", "rollout status",
      "deployment/web", "timeout", "60s" },
    { "apply -f v2.yaml", "apply", "", "filename", "v2.yaml" },
    { "apply --filename=-", "apply", "", "filename", "-" },
    { "delete pod -l app=web", "delete", "pod", "selector", "app=web" },
    { "delete -- pod/web", "delete", "pod/web", NULL, NULL },
    { "taint nodes n1 a=b:NoSchedule", "taint", "nodes|n1|a=b:NoSchedule",
      NULL, NULL },
};

START_TEST(commands_are_understood_as_a_shell_and_kubectl_do)
{
    struct kubectl_command c;
    struct buf words = {0};

    ck_assert_msg(kubectl_parse(arena, good[_i].line, NULL, &c, &errors),
                  "%s: %s", good[_i].line,
                  errors.len ? errors.items[0].text : "");
    ck_assert_str_eq(c.verb->name, good[_i].verb);
    buf_puts(&words, "");
    for (size_t i = 0; i < c.nwords; i++)
        buf_printf(&words, "%s%s", i ? "|" : "", c.words[i]);
    ck_assert_str_eq(words.text ? words.text : "", good[_i].words);
    if (good[_i].flag && good[_i].text)
        ck_assert_str_eq(kubectl_flag(&c, good[_i].flag), good[_i].text);
    else if (good[_i].flag)
        ck_assert_ptr_null(kubectl_flag(&c, good[_i].flag));
    buf_free(&words);
}
END_TEST

/* A line, and words of the refusal. */
static const struct {
    const char *line, *text;
} bad[] = {
    { "", "unknown command \"\"" },
    { "sclae deployment/web --replicas=3", "unknown command \"sclae\"" },
    { "rollout histroy deployment/web", "unknown command \"rollout histroy\"" },
    { "edit deployment/web", "\"kubectl edit\" is not supported yet" },
    { "scale deployment/web --replicas=-1", "greater than or equal to 0" },
    { "scale deployment --replicas=1", "no name was specified" },
    { "scale deployment/web --replicas=1 --dry-run", "unknown flag" },
    { "scale deployment/web --replicas", "flag needs an argument" },
    { "scale deployment/web --replicas=x", "not a whole number" },
    { "annotate deployment/web note='open", "quote is not closed" },
    { "set image web=x:1 log=y:2", "one or more resources" },
    { "rollout undo deployment/web --to-revision=-2", "positive integer" },
    { "rollout status deployment/web --timeout=soon", "invalid duration" },
    { "rollout status deployment web api", "one resource at a time" },
    { "delete pod/a --grace-period=0", "needs --force" },
    { "delete pod a -l app=web", "name cannot be provided" },
    { "apply web.yaml", "must specify one of -f" },
    { "taint nodes n1 a=b:Sometimes", "invalid taint effect" },
};

START_TEST(commands_that_kubectl_refuses_are_refused_before_the_run)
{
    struct kubectl_command c;

    ck_assert_msg(!kubectl_parse(arena, bad[_i].line, NULL, &c, &errors),
                  "\"%s\" was accepted", bad[_i].line);
    ck_assert_uint_ge(errors.len, 1);
    ck_assert_msg(strstr(errors.items[0].text, bad[_i].text) != NULL,
                  "%s: %s", bad[_i].line, errors.items[0].text);
}
END_TEST

START_TEST(every_verb_is_documented_and_can_be_found)
{
    size_t n;
    const struct verb_ops *const *verbs = verb_table(&n);
    const struct verb_ops *v = verbs[_i];
    int flags = 0;

    ck_assert(v->doc && v->usage && v->step);
    for (const struct kubectl_flag *f = v->flags; f && f->name; f++, flags++)
        ck_assert(f->doc && f->doc[0]);
    ck_assert_int_le(flags, KUBECTL_FLAGS);
    for (size_t i = 0; i < n; i++)
        ck_assert(verbs[i] == v || strcmp(verbs[i]->name, v->name) != 0);
}
END_TEST

START_TEST(events_that_actions_wait_for_are_read)
{
    const char *name;

    ck_assert_int_eq(action_trigger(arena, "rollout complete", &name), 0);
    ck_assert_ptr_null(name);
    ck_assert_int_eq(action_trigger(arena, "rollout started of "
                                    "deployment/web", &name), 1);
    ck_assert_str_eq(name, "web");
    ck_assert_int_lt(action_trigger(arena, "rollout", &name), 0);
    ck_assert_int_lt(action_trigger(arena, "rollout complete of web", &name),
                     0);
    ck_assert_int_lt(action_trigger(arena, "rollout complete of deployment/",
                                    &name), 0);
}
END_TEST

/* ---- strategies ------------------------------------------------------------- */

START_TEST(every_strategy_documents_its_fields)
{
    size_t n;
    const struct strategy_ops *s = strategy_table(&n)[_i];

    ck_assert(s->doc && s->doc[0] && s->spec_size > 0);
    ck_assert_ptr_eq(strategy_find(s->name), s);
    for (const struct field *f = s->fields; f->type != FIELD_T_END; f++) {
        ck_assert_ptr_nonnull(f->unit);
        ck_assert_ptr_nonnull(f->doc);
        ck_assert(f->min <= f->max);
    }
}
END_TEST

/* The Deployment's strategy as canonical JSON after a strategy's patch. */
static const char *patched(const char *name, const char *block,
                           const char *before)
{
    const struct strategy_ops *ops = strategy_find(name);
    const struct value *given = value_flow(arena, block, NULL);
    const struct value *v = value_flow(arena, before, NULL);
    struct binder b = { .arena = arena, .errors = &errors };
    void *spec = arena_alloc(arena, ops->spec_size);
    struct buf text = {0};
    const char *result;

    ck_assert(field_bind(&b, given, ops->fields, spec));
    v = value_strategic(arena, v, ops->patch(arena, spec, given));
    value_canonical(&text, value_get(v, "spec"));
    result = arena_strdup(arena, text.text);
    buf_free(&text);
    return result;
}

START_TEST(recreate_takes_the_rolling_update_away)
{
    ck_assert_str_eq(patched("recreate", "{}",
        "{spec: {replicas: 3, strategy: {type: RollingUpdate, rollingUpdate: "
        "{maxSurge: 1}}}}"),
        "{\"replicas\":3,\"strategy\":{\"type\":\"Recreate\"}}");
}
END_TEST

START_TEST(rolling_update_keeps_what_it_does_not_mention)
{
    ck_assert_str_eq(patched("rollingUpdate", "{maxUnavailable: 0}",
        "{spec: {minReadySeconds: 5, strategy: {rollingUpdate: {maxSurge: 2}}}"
        "}"),
        "{\"minReadySeconds\":5,\"strategy\":{\"rollingUpdate\":{\"maxSurge\":"
        "2,\"maxUnavailable\":0},\"type\":\"RollingUpdate\"}}");
    ck_assert_str_eq(patched("rollingUpdate", "{minReadySeconds: 9}",
        "{spec: {minReadySeconds: 5, strategy: {type: Recreate}}}"),
        "{\"minReadySeconds\":9,\"strategy\":{\"type\":\"RollingUpdate\"}}");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("kubectl");
    TCase *tc = tcase_create("kubectl");
    SRunner *sr;
    size_t verbs, strategies;
    int failed;

    verb_table(&verbs);
    strategy_table(&strategies);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, commands_are_understood_as_a_shell_and_kubectl_do,
                        0, (int)COUNT_OF(good));
    tcase_add_loop_test(tc,
                        commands_that_kubectl_refuses_are_refused_before_the_run,
                        0, (int)COUNT_OF(bad));
    tcase_add_loop_test(tc, every_verb_is_documented_and_can_be_found, 0,
                        (int)verbs);
    tcase_add_test(tc, events_that_actions_wait_for_are_read);
    tcase_add_loop_test(tc, every_strategy_documents_its_fields, 0,
                        (int)strategies);
    tcase_add_test(tc, recreate_takes_the_rolling_update_away);
    tcase_add_test(tc, rolling_update_keeps_what_it_does_not_mention);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
