/*
 * manifest/reader, yaml, json, tree: texts to trees. What scalars are, keys, merges and aliases was
 * read off the API server's decoder (sigs.k8s.io/yaml 1.6).
 */
#include "manifest/reader.h"
#include "short_memory.h"
#include "table.h"
#include <stdio.h>

/* All documents of a text, printed one after the other. */
struct reading {
    struct weir__problems problems;
    weir_allocator allocator;
    int places; /* print lines and columns too */
    char out[4096];
    int documents;
};

static void print(struct reading *r, const char *text)
{
    if (strlen(r->out) + strlen(text) + 1 < sizeof r->out) {
        strcat(r->out, text);
    }
}

/* {key:value,...}, [value,...], text in quotes, null, true, 1, 1.5 */
static void print_node(struct reading *r, const struct weir__node *node)
{
    char text[256];
    const char *separator = "";

    switch (node->type) {
    case WEIR__NODE_NULL: print(r, "null"); break;
    case WEIR__NODE_BOOL: print(r, node->integer ? "true" : "false"); break;
    case WEIR__NODE_INT:
        snprintf(text, sizeof text, "%lld", (long long)node->integer);
        print(r, text);
        break;
    case WEIR__NODE_FLOAT:
        snprintf(text, sizeof text, "%gf", node->number);
        print(r, text);
        break;
    case WEIR__NODE_STRING:
        snprintf(text, sizeof text, "'%.200s'", node->text);
        print(r, text);
        break;
    default:
        print(r, node->type == WEIR__NODE_MAPPING ? "{" : "[");
        for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
            print(r, separator);
            separator = ",";
            if (node->type == WEIR__NODE_MAPPING) {
                print(r, e->key);
                if (r->places) {
                    snprintf(text, sizeof text, "@%d:%d", e->mark.line, e->mark.column);
                    print(r, text);
                }
                print(r, ":");
            }
            print_node(r, e->value);
        }
        print(r, node->type == WEIR__NODE_MAPPING ? "}" : "]");
    }
    if (r->places) {
        snprintf(text, sizeof text, "@%d:%d", node->mark.line, node->mark.column);
        print(r, text);
    }
}

static void deliver(void *user, struct weir__document *document)
{
    struct reading *r = user;

    print(r, r->documents++ > 0 ? "; " : "");
    print_node(r, document->root);
    weir__document_free(&r->allocator, document);
}

static void read_all(struct reading *r, const char *text, size_t length)
{
    struct weir__reader reader;
    char *copy = malloc(length + 1);

    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (r->allocator.alloc == NULL) {
        r->allocator = weir__system_allocator;
    }
    weir__problems_open(&r->problems, &r->allocator);
    memset(&reader, 0, sizeof reader);
    reader.allocator = &r->allocator;
    reader.problems = &r->problems;
    reader.deliver = deliver;
    reader.user = r;
    weir__read(&reader, copy, length);
    free(copy);
}

static const weir_problem *problem(const struct reading *r, size_t index)
{
    assert_true(index < r->problems.count);
    return &r->problems.list[index].open;
}

/* ---- what texts are ------------------------------------------------------------------------- */

struct row {
    const char *name, *text, *tree;
};

static const struct row trees[] = {
    /* scalars of YAML 1.1 */
    {"switches", "[y, Y, yes, On, TRUE, n, No, OFF, false, yEs]",
     "[true,true,true,true,true,false,false,false,false,'yEs']"},
    {"nothing", "a:\nb: ~\nc: null\nd: Null\ne: nULL\nf: ''",
     "{a:null,b:null,c:null,d:null,e:'nULL',f:''}"},
    {"integers", "[1, -0, +7, 0x1F, 0o17, 017, 0b101, -0b11, 1_000, 1__0, 0x_f, 0b-1]",
     "[1,0,7,31,15,15,5,-3,1000,10,15,-1]"},
    {"no octal", "[08, 09, 0o8]", "[8f,9f,'0o8']"},
    {"numbers", "[1e2, 1.5, .5, 1., 1_0.5, +.5, -1.5e+3, .5e-1, 12e03]",
     "[100f,1.5f,0.5f,1f,10.5f,0.5f,-1500f,0.05f,12000f]"},
    {"no numbers", "[1e400, 12:30, 2001-01-01, 1.2.3, '1', \"1\", 0x, 1e, ., _1, 0x1p4, 5s]",
     "['1e400','12:30','2001-01-01','1.2.3','1','1','0x','1e','.','_1','0x1p4','5s']"},
    {"beyond 64 bits", "[9223372036854775807, 9223372036854775808, 0xFFFFFFFFFFFFFFFF, 1e30]",
     "[9223372036854775807,9.22337e+18f,1.84467e+19f,1e+30f]"},
    {"no infinities", "[inf, Infinity, NaN, -inf, .infinity]",
     "['inf','Infinity','NaN','-inf','.infinity']"},
    {"quotes in quotes", "['''', 'a''b', '''''''''''''''''''''''''''', 'it''s\n  two lines']",
     "[''','a'b',''''''''''''''','it's two lines']"},
    {"lines in single quotes", "a: 'it''s  \n  two \t\n\n\n  lines '\nb: '\r\n x\r\n '\n",
     "{a:'it's two\n\nlines ',b:' x '}"},
    {"escapes", "[\"\\x41\\u00e9\\U0001F600\\ud83d\\ude00\\t\\/\\\\\\\"\\ \\_.\"]",
     "['A\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80\t/\\\" \xc2\xa0.']"},
    {"lines in double quotes",
     "a: \"one \\t \n  two\\\n   three \\n\n\n  \\ four\\\"\r\n \"\nb: \"\\x41\\\n  \\\n\n  B\"\n",
     "{a:'one \t twothree \n\n four\" ',b:'A\nB'}"},
    {"literal blocks",
     "a: |\n  1\n   2\n\n  3\n\nb: |-\n  x\n\nc: |+ # kept\n  x\n\nd: |\ne: |2\n   y\nf:\n- |1-\n  "
     " z\n- |\n w",
     "{a:'1\n 2\n\n3\n',b:'x',c:'x\n\n',d:'',e:' y\n',f:['  z','w']}"},
    {"folded blocks",
     "a: >\n  one\n  two\n\n  three\n    four\n  five\n\n\n  six\nb: >-\n\n  x\n  \ty\nc: >+\n  "
     "z\n\n",
     "{a:'one two\nthree\n  four\nfive\n\nsix\n',b:'\nx\n\ty',c:'z\n\n'}"},
    {"blocks in blocks", "a:\n  - &x b: |2-\n        c\n    \"d\": |\n      e\n  - - >1\n      f\n",
     "{a:[{b:'  c',d:'e\n'},[' f\n']]}"},
    {"lines of a plain text", "a: one\n  two\n\n  three\n", "{a:'one two\nthree'}"},
    {"blocks are text", "a: |\n  1\nb: >-\n  true\n", "{a:'1\n',b:'true'}"},
    {"tags", "[!!str 1, !!int \"7\", !!float 1, !!bool on, !mine 1, ! 1, !!null ~]",
     "['1',7,1f,true,'1','1',null]"},

    /* keys */
    {"keys", "y: 1\n\"y\": 2\n0x10: 3\n~a: 4\n1.5: 5\n", "{true:1,y:2,16:3,~a:4,1.5:5}"},
    {"an alias as a key", "a: &k key\nb: {*k : 1}\n", "{a:'key',b:{key:1}}"},

    /* aliases and merges */
    {"aliases", "a: &x [1, 2]\nb: *x\nc: &x 3\nd: *x\n", "{a:[1,2],b:[1,2],c:3,d:3}"},
    {"a merge adds", "a: &x {k: 1, j: 5}\nb: {<<: *x, k: 2}\n", "{a:{k:1,j:5},b:{k:2,j:5}}"},
    {"a merge before a key is overridden in its place", "a: {<<: {k: 1}, k: 2}\n", "{a:{k:2}}"},
    {"of a list of mappings the first counts", "a: {<<: [{k: 1}, {k: 2, j: 3}]}\n",
     "{a:{k:1,j:3}}"},
    {"of two merges the later counts", "a: {<<: {k: 1}, <<: {k: 2}}\n", "{a:{k:2}}"},
    {"merges in merges", "a: &a {k: 1}\nb: &b {<<: *a, j: 2}\nc: {<<: *b, i: 3}\n",
     "{a:{k:1},b:{k:1,j:2},c:{k:1,j:2,i:3}}"},
    {"a quoted << is a key like any other", "{'<<': 1}\n", "{<<:1}"},

    /* documents */
    {"documents", "a: 1\n---\nb: 2\n--- # three\nc: 3\n...\nd: 4\n", "{a:1}; {b:2}; {c:3}; {d:4}"},
    {"a document on the line of dashes", "--- {a: 1}\n--- [2]\n", "{a:1}; [2]"},
    {"dashes in a text are none", "a: |\n  ---\n  x\nb: ---x\n", "{a:'---\nx\n',b:'---x'}"},
    {"empty documents", "---\n---\n# comment\n---\na: 1\n---\n", "{a:1}"},
    {"directives", "%YAML 1.1\n---\na: 1\n---\nb: 1\n", "{a:1}; {b:1}"},
    {"line ends of Windows", "a: 1\r\n---\r\nb:\r\n  - 2\r\n", "{a:1}; {b:[2]}"},
    {"no line end at the end", "a: 1", "{a:1}"},
    {"a byte order mark",
     "\xef\xbb\xbf"
     "a: 1\n",
     "{a:1}"},
    {"beyond ASCII", "\xc3\xa4: \"\xe2\x82\xac \\u20ac\"\n",
     "{\xc3\xa4:'\xe2\x82\xac \xe2\x82\xac'}"},

    /* JSON */
    {"JSON",
     " {\"a\": [1, -2.5e1, true, false, null, \"x\\ty\\u00e9\\/\"], \"b\": {}, \"c\": []}\n",
     "{a:[1,-25f,true,false,null,'x\ty\xc3\xa9/'],b:{},c:[]}"},
    {"JSON with tabs", "{\n\t\"a\":\t1\n}", "{a:1}"},
    {"JSON has no words of YAML", "[\"on\", \"1\"]", "['on','1']"},
    {"JSON beyond the basic plane", "[\"\\ud83d\\ude00\"]", "['\xf0\x9f\x98\x80']"},
    {"one JSON after another", "{\"a\": 1}\n{\"b\": 2} [3]", "{a:1}; {b:2}; [3]"},
    {"JSON and YAML in one file", "{\"a\": 1}\n---\nb: 2\n---\n[\"c\"]\n", "{a:1}; {b:2}; ['c']"},
    {"what only looks like JSON is YAML", "{a: 1, 'b': [x, z,], # comment\n}\n",
     "{a:1,b:['x','z']}"},
    {"numbers of JSON", "[0, -0, 10, 1e2, 9223372036854775808, 0.5]",
     "[0,0,10,100f,9.22337e+18f,0.5f]"},
};

static void reads(void **state)
{
    const struct row *row = *state;
    static struct reading r;

    memset(&r, 0, sizeof r);
    read_all(&r, row->text, strlen(row->text));
    if (r.problems.count > 0) {
        print_error("%s\n", problem(&r, 0)->error.message);
    }
    assert_int_equal(r.problems.count, 0);
    assert_string_equal(r.out, row->tree);
    weir__problems_close(&r.problems);
}

/* ---- places --------------------------------------------------------------------------------- */

static const struct row places[] = {
    {"a block", "a: 1\nbc:\n  - 'x'\n  - d: \"e\"\n",
     "{a@1:1:1@1:4,bc@2:1:['x'@3:5,{d@4:5:'e'@4:8}@4:5]@3:3}@1:1"},
    {"columns are bytes", "\xc3\xa4\xc3\xb6: [\xe2\x82\xac, b]\n",
     "{\xc3\xa4\xc3\xb6@1:1:['\xe2\x82\xac'@1:8,'b'@1:13]@1:7}@1:1"},
    {"a value left out is where its key is", "a:\nb: 1\n", "{a@1:1:null@1:1,b@2:1:1@2:4}@1:1"},
    {"documents", "a: 1\n---\nb: 2\n", "{a@1:1:1@1:4}@1:1; {b@3:1:2@3:4}@3:1"},
    {"an alias is where its anchor is", "a: &x 1\nb: *x\n", "{a@1:1:1@1:7,b@2:1:1@1:7}@1:1"},
    {"JSON", "{\"a\": \"b\",\n  \"c\" : [ 1,\n2 ]}\n{\"d\":true}",
     "{a@1:2:'b'@1:7,c@2:3:[1@2:11,2@3:1]@2:9}@1:1; {d@4:2:true@4:6}@4:1"},
};

static void knows_places(void **state)
{
    const struct row *row = *state;
    static struct reading r;

    memset(&r, 0, sizeof r);
    r.places = 1;
    read_all(&r, row->text, strlen(row->text));
    assert_string_equal(r.out, row->tree);
    weir__problems_close(&r.problems);
}

/* ---- errors --------------------------------------------------------------------------------- */

struct bad {
    const char *name, *text;
    int32_t line, column;
    const char *path, *message;
    const char *tree; /* of the documents that are read all the same */
};

static const struct bad bads[] = {
    {"a key twice", "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 5, 3, "b",
     "the key \"c\" is here a second time; the first is on line 3", "{a:1,b:{c:3,d:2}}"},
    {"a key twice in JSON", "{\"a\": 1,\n\"a\": 2}", 2, 1, "",
     "the key \"a\" is here a second time; the first is on line 1", "{a:2}"},
    {"keys that the decoder makes equal", "on: 1\n\"true\": 2\n", 2, 1, "", "a second time",
     "{true:2}"},
    {"a tab", "a:\n\t- 1\n", 2, 1, "a", "tab", ""},
    {"a list that is not closed", "a: [1, 2\n", 1, 9, "a[2]", "this is not YAML", ""},
    {"cut off within quotes", "a: \"x\n", 1, 0, "a", "this is not YAML", ""},
    {"no alias", "a: 1\nb: *nope\n", 2, 4, "b", "no anchor for the alias \"nope\"", ""},
    {"a value in itself", "a: &x\n  b: [*x]\n", 2, 7, "a.b[0]",
     "a value contains itself by the alias \"x\"", ""},
    {"a mapping as a key", "? {a: 1}\n: 2\n", 1, 3, "", "a key must be", ""},
    {"nothing as a key", "~: 2\n", 1, 1, "", "a key must be", ""},
    {"a merge of a scalar", "a:\n  <<: 1\n", 2, 7, "a", "a merge key (<<) needs a mapping", ""},
    {"a merge of a list of scalars", "<<: [1]\n", 1, 5, "", "a merge key (<<) needs", ""},
    {"a tag that is not true", "a: !!int x\n", 1, 10, "a", "\"x\" is not what its tag says", ""},
    {"infinity", "a: .inf\n", 1, 4, "a", "\".inf\" is no number for the API server", ""},
    {"not a number", "a: !!float .nan\n", 1, 12, "a", "is no number for the API server", ""},
    {"binary data", "a: !!binary aGk=\n", 1, 13, "a", "!!binary", ""},
    {"a NUL in a text", "a: \"x\\0y\"\n", 1, 4, "a", "NUL", ""},
    {"one bad document of three", "a: 1\n---\nb: }\n---\nc: 3\n", 3, 4, "b", "not YAML",
     "{a:1}; {c:3}"},
    {"not UTF-8", "a: 1\n---\nb: x\xff\n---\nc: 3\n", 3, 5, "",
     "the byte 0xff at offset 13 is not UTF-8", "{a:1}; {c:3}"},
    {"longer than needed", "a: \xc0\xaf\n", 1, 4, "", "the byte 0xc0 at offset 3", ""},
    {"half a pair of UTF-16", "a: \xed\xa0\x80\n", 1, 4, "", "the byte 0xed at offset 3", ""},
    {"cut off within a character", "a: \xe2\x82", 1, 4, "", "the byte 0xe2 at offset 3", ""},
    {"UTF-16",
     "\xff\xfe"
     "a",
     1, 1, "", "UTF-16", ""},
    {"a control character", "a: \x01\n", 1, 4, "", "the byte 0x01 at offset 3 is a control", ""},
    {"an empty file", "", 1, 1, "", "the file is empty", ""},
    {"only comments", "# a\n---\n  # b\n", 1, 1, "", "the file is empty", ""},

    {"JSON that ends early", "{\"a\": [1, 2", 1, 12, "a[2]", "ends before it is complete", ""},
    {"JSON that ends in a string", "{\"a\": \"x\\\"", 1, 11, "", "ends before it is complete", ""},
    {"JSON without a colon", "{\"a\": 1,\n \"b\" 2}", 2, 6, "", "not JSON from here on: \"2}\"",
     ""},
    {"JSON with the wrong bracket", "{\"a\": [1}", 1, 9, "", "not JSON from here on: \"}\"", ""},
    {"a second JSON that is none", "{\"a\": 1}\n{\"b\" 2}", 2, 6, "", "not JSON from here on",
     "{a:1}"},
    {"a zero before a number of JSON", "{\"a\": 01}", 1, 7, "a", "no number of JSON", ""},
    {"a point at the end of a number of JSON", "[1.]", 1, 2, "[0]", "no number of JSON", ""},
    {"a number of JSON that is too large", "[1e999]", 1, 2, "[0]", "too large", ""},
    {"a line break in a string of JSON", "{\"a\": \"x\ny\"}", 1, 9, "a", "line break", ""},
    {"a NUL in JSON", "{\"a\": \"x\\u0000\"}", 1, 9, "a", "NUL", ""},
};

static void says_what_is_wrong(void **state)
{
    const struct bad *row = *state;
    static struct reading r;
    const weir_error *error;

    memset(&r, 0, sizeof r);
    read_all(&r, row->text, strlen(row->text));
    assert_int_equal(r.problems.errors, 1);
    error = &problem(&r, 0)->error;
    if (strstr(error->message, row->message) == NULL || error->line != row->line) {
        print_error("%d:%d %s: %s\n", error->line, error->column, error->path, error->message);
    }
    assert_non_null(strstr(error->message, row->message));
    assert_int_equal(error->line, row->line);
    if (row->column > 0) {
        assert_int_equal(error->column, row->column);
    }
    assert_string_equal(error->path, row->path);
    assert_string_equal(r.out, row->tree);
    weir__problems_close(&r.problems);
}

static void warns_where_a_merge_overrides_a_key(void **state)
{
    static struct reading r;
    static const char text[] = "a:\n  k: 1\n  <<: {k: 2}\n";

    (void)state;
    memset(&r, 0, sizeof r);
    read_all(&r, text, sizeof text - 1);
    assert_string_equal(r.out, "{a:{k:2}}");
    assert_int_equal(r.problems.count, 1);
    assert_int_equal(problem(&r, 0)->severity, WEIR_PROBLEM_WARNING);
    assert_int_equal(problem(&r, 0)->error.status, WEIR_OK);
    assert_int_equal(problem(&r, 0)->error.line, 3);
    assert_non_null(strstr(problem(&r, 0)->error.message, "override \"k\" on line 2"));
    weir__problems_close(&r.problems);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* Text of `count` pieces between two others. */
static char *repeat(const char *before, const char *piece, size_t count, const char *after)
{
    size_t n = strlen(piece), length = strlen(before) + n * count + strlen(after);
    char *text = malloc(length + 1), *at = text;

    assert_non_null(text);
    memcpy(at, before, strlen(before));
    at += strlen(before);
    for (size_t i = 0; i < count; i++, at += n) {
        memcpy(at, piece, n);
    }
    memcpy(at, after, strlen(after) + 1);
    return text;
}

static void is_refused(const char *text, const char *message)
{
    static struct reading r;
    struct short_memory memory = {0, 0, 0, 0};

    memset(&r, 0, sizeof r);
    r.allocator = short_memory_allocator(&memory);
    read_all(&r, text, strlen(text));
    assert_int_equal(r.problems.errors, 1);
    assert_int_equal(problem(&r, 0)->error.status, WEIR_E_LIMIT);
    assert_non_null(strstr(problem(&r, 0)->error.message, message));
    assert_string_equal(r.out, "");
    weir__problems_close(&r.problems);
    assert_int_equal(memory.in_use, 0);
    assert_true(memory.most < (size_t)300 << 20);
}

static void bounds_depth(void **state)
{
    static const char *const pieces[][2] = {{"[", ""},  {"{a: ", ""},     {"- ", ""},
                                            {"? ", ""}, {"[{\"a\":", ""}, {"{\"a\":", "1"}};

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        char *text = repeat("", pieces[i][0], 20000, pieces[i][1]);
        static struct reading r;

        memset(&r, 0, sizeof r);
        read_all(&r, text, strlen(text));
        assert_int_equal(r.problems.errors, 1);
        weir__problems_close(&r.problems);
        free(text);
    }
    {
        char *text = repeat("", "- ", 101, "x");

        is_refused(text, "more than 100 deep");
        free(text);
        text = repeat("", "- ", 100, "x");
        static struct reading r;

        memset(&r, 0, sizeof r);
        read_all(&r, text, strlen(text));
        assert_int_equal(r.problems.errors, 0);
        weir__problems_close(&r.problems);
        free(text);
    }
}

static void bounds_values(void **state)
{
    char *text = repeat("[", "1,", WEIR_MANIFEST_NODES_MAX, "1]");

    (void)state;
    is_refused(text, "more than 1000000 values");
    free(text);
}

/* Nine levels of nine aliases each would be 387 million values. */
static void bounds_aliases(void **state)
{
    char text[2048] = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";

    (void)state;
    for (int i = 1; i < 9; i++) {
        char line[160];
        int n = snprintf(line, sizeof line, "a%d: &a%d [", i, i);

        for (int k = 0; k < 9; k++) {
            n += snprintf(line + n, sizeof line - (size_t)n, "%s*a%d", k > 0 ? ", " : "", i - 1);
        }
        snprintf(line + n, sizeof line - (size_t)n, "]\n");
        strcat(text, line);
    }
    is_refused(text, "aliases written out");
}

static void bounds_merges(void **state)
{
    char text[2048] = "m0: &m0 {a: [x, x, x, x, x, x, x, x, x, x, x, x]}\n";

    (void)state;
    for (int i = 1; i < 18; i++) {
        char line[100];

        snprintf(line, sizeof line, "m%d: &m%d {<<: *m%d, b%d: *m%d}\n", i, i, i - 1, i, i - 1);
        strcat(text, line);
    }
    is_refused(text, "aliases written out");
}

/* Time and memory stay in proportion to the text: this takes minutes where they do not. */
static void many_keys_are_no_trouble(void **state)
{
    static struct reading r;
    size_t length = 0, count = 200000;
    char *text = malloc(count * 12);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, 12, "k%zu: 1\n", i);
    }
    memset(&r, 0, sizeof r);
    read_all(&r, text, length);
    assert_int_equal(r.problems.errors, 0);
    weir__problems_close(&r.problems);
    free(text);
}

/* ---- running out of memory ------------------------------------------------------------------ */

static void every_refused_allocation_is_survived(void **state)
{
    static const char text[] =
        "a: &x {k: 1, j: [1, 2, 3]}\nb: {<<: *x, k: 2}\nk: *x\n---\n"
        "{\"a\": [1, \"two\", {\"b\": null}]}\n---\nbad: }\n---\nc: 1\nc: 2\n";
    static struct reading r;
    size_t n = 0;

    (void)state;
    do {
        struct short_memory memory = {++n, 0, 0, 0};

        memset(&r, 0, sizeof r);
        r.allocator = short_memory_allocator(&memory);
        read_all(&r, text, sizeof text - 1);
        weir__problems_close(&r.problems);
        assert_int_equal(memory.in_use, 0);
        assert_int_equal(r.problems.out_of_memory, memory.asked >= n);
    } while (r.problems.out_of_memory);
    assert_true(n > 10);
    assert_int_equal(r.problems.errors, 2);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reads, trees);
    SUITE_TABLE(&suite, knows_places, places);
    SUITE_TABLE(&suite, says_what_is_wrong, bads);
    SUITE_TEST(&suite, warns_where_a_merge_overrides_a_key);
    SUITE_TEST(&suite, bounds_depth);
    SUITE_TEST(&suite, bounds_values);
    SUITE_TEST(&suite, bounds_aliases);
    SUITE_TEST(&suite, bounds_merges);
    SUITE_TEST(&suite, many_keys_are_no_trouble);
    SUITE_TEST(&suite, every_refused_allocation_is_survived);
    return suite_run(&suite, "manifest_tree");
}
