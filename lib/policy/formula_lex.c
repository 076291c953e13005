/*
 * policy/formula_lex.c - the tokens of a formula, and how errors name them.
 *
 * Upstream: expr's parser/lexer.
 */
#include "base/text.h"
#include "policy/formula_compile.h"

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters beyond ASCII are taken as a whole. */
static int is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || ((unsigned char)c & 0x80) != 0;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char peek(const struct weir__compiler *c, uint32_t ahead)
{
    return c->at + ahead < c->length ? c->text[c->at + ahead] : '\0';
}

static int ended(const struct weir__compiler *c)
{
    return c->at >= c->length;
}

/* ---- errors --------------------------------------------------------------------------------- */

int weir__refuse(struct weir__compiler *c, weir_status status, uint32_t place, const char *what)
{
    if (c->status == WEIR_OK) {
        c->status = weir__formula_fail(c->formula, c->err, status, place, what);
    }
    return 0;
}

int weir__unexpected(struct weir__compiler *c, const char *what)
{
    char message[200];
    struct weir__text text;
    /* Behind the formula there is only the bracket of the wrapping. */
    int at_end = c->token.kind == TOKEN_END || c->token.to == c->length;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected ");
    weir__text_str(&text, what);
    weir__text_str(&text, at_end ? ", got the end of the formula" : ", got `");
    for (uint32_t i = c->token.from; !at_end && i < c->token.to && i < c->token.from + 40; i++) {
        weir__text_char(&text, c->text[i]);
    }
    if (!at_end) {
        weir__text_char(&text, '`');
    }
    return weir__refuse(c, WEIR_E_PARSE, c->token.from, message);
}

/* ---- tokens --------------------------------------------------------------------------------- */

int weir__token_is(const struct weir__compiler *c, enum weir__token_kind kind, const char *text)
{
    const struct weir__token *t = &c->token;
    uint32_t i = 0;

    if (t->kind != kind) {
        return 0;
    }
    for (; i < t->to - t->from && text[i] == c->text[t->from + i] && text[i] != '\0'; i++) {
    }
    return i == t->to - t->from && text[i] == '\0';
}

int weir__expect(struct weir__compiler *c, enum weir__token_kind kind, const char *text,
                 const char *what)
{
    return weir__token_is(c, kind, text) ? weir__lex(c) : weir__unexpected(c, what);
}

/* White space and comments. */
static int skip(struct weir__compiler *c)
{
    uint32_t begin = c->at;

    for (;;) {
        if (is_space(peek(c, 0)) && !ended(c)) {
            c->at++;
        } else if (peek(c, 0) == '/' && peek(c, 1) == '/') {
            while (!ended(c) && c->text[c->at] != '\n') {
                c->at++;
            }
        } else if (peek(c, 0) == '/' && peek(c, 1) == '*') {
            begin = c->at;
            for (c->at += 2; !ended(c) && !(peek(c, 0) == '*' && peek(c, 1) == '/');) {
                c->at++;
            }
            if (ended(c)) {
                return weir__refuse(c, WEIR_E_PARSE, begin, "a comment that is not closed");
            }
            c->at += 2;
        } else {
            return 1;
        }
    }
}

static void skip_digits(struct weir__compiler *c, int base)
{
    for (;; c->at++) {
        char x = peek(c, 0);
        int fits = x == '_' || (base == 16 ? is_digit(x) || ((x | 32) >= 'a' && (x | 32) <= 'f')
                                           : x >= '0' && x < '0' + base);

        if (!fits || ended(c)) {
            return;
        }
    }
}

static int lex_number(struct weir__compiler *c)
{
    char second = (char)(peek(c, 1) | 32);
    int base = peek(c, 0) != '0' ? 10
               : second == 'x'   ? 16
               : second == 'o'   ? 8
               : second == 'b'   ? 2
                                 : 10;

    c->at += base != 10 ? 2 : 0;
    skip_digits(c, base);
    if (peek(c, 0) == '.' && peek(c, 1) != '.') {
        c->at++;
        skip_digits(c, base);
    }
    if (peek(c, 0) == 'e' || peek(c, 0) == 'E') {
        c->at++;
        c->at += peek(c, 0) == '+' || peek(c, 0) == '-';
        skip_digits(c, base);
    }
    if (!ended(c) && is_word(peek(c, 0))) {
        return weir__refuse(c, WEIR_E_PARSE, c->token.from, "expected a number, got letters in it");
    }
    c->token.kind = TOKEN_NUMBER;
    return 1;
}

static int put_char(struct weir__compiler *c, char x)
{
    if (c->texts_length == c->texts_capacity) {
        return weir__refuse(c, WEIR_E_LIMIT, c->token.from,
                            "texts are longer than weir has room for");
    }
    c->texts[c->texts_length++] = x;
    return 1;
}

static int lex_text(struct weir__compiler *c)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    char quote = c->text[c->at++];

    c->token.kind = TOKEN_TEXT;
    c->token.text_at = c->texts_length;
    for (;; c->at++) {
        char x = peek(c, 0);
        size_t escape;

        if (ended(c) || (x == '\n' && quote != '`')) {
            return weir__refuse(c, WEIR_E_PARSE, c->token.from, "a text that is not closed");
        }
        if (x == quote && (quote != '`' || peek(c, 1) != '`')) {
            break;
        }
        if (x == quote) {
            c->at++;
        } else if (x == '\\' && quote != '`') {
            x = peek(c, 1);
            for (escape = 0; from[escape] != '\0' && from[escape] != x; escape++) {
            }
            if (from[escape] == '\0') {
                return weir__refuse(c, WEIR_E_UNSUPPORTED, c->at, "weir does not do this escape");
            }
            x = to[escape];
            c->at++;
        }
        if (!put_char(c, x)) {
            return 0;
        }
    }
    c->at++;
    c->token.text_size = c->texts_length - c->token.text_at;
    return 1;
}

static int is_operator_word(const struct weir__compiler *c)
{
    static const char *const words[] = {"in",       "or",         "and",      "matches",
                                        "contains", "startsWith", "endsWith", "let",
                                        "if",       "else",       "not"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (weir__token_is(c, TOKEN_NAME, words[i])) {
            return 1;
        }
    }
    return 0;
}

static int lex_word(struct weir__compiler *c)
{
    if ((peek(c, 0) | 32) == 'b' && (peek(c, 1) == '\'' || peek(c, 1) == '"')) {
        return weir__refuse(c, WEIR_E_UNSUPPORTED, c->at, "weir does not do texts of bytes");
    }
    while (!ended(c) && is_word(c->text[c->at])) {
        c->at++;
    }
    c->token.kind = TOKEN_NAME;
    c->token.to = c->at;
    if (is_operator_word(c)) {
        c->token.kind = TOKEN_OPERATOR;
    }
    return 1;
}

/* Operators of one or two characters, as upstream puts them together. */
static int lex_operator(struct weir__compiler *c)
{
    char x = c->text[c->at++], next = peek(c, 0);

    c->token.kind = TOKEN_OPERATOR;
    switch (x) {
    case '(':
    case ')':
    case '[':
    case ']':
    case '{':
    case '}': c->token.kind = TOKEN_BRACKET; return 1;
    case '?': c->at += next == '.' || next == '?'; return 1;
    case '|':
    case ':':
    case '.':
    case '#': c->at += next == x; return 1;
    case '&':
    case '!':
    case '=':
    case '*':
    case '<':
    case '>': c->at += next == '&' || next == '=' || next == '*'; return 1;
    case ',':
    case ';':
    case '%':
    case '+':
    case '-':
    case '^':
    case '/': return 1;
    default: return weir__refuse(c, WEIR_E_PARSE, c->at - 1, "a character that means nothing here");
    }
}

int weir__lex(struct weir__compiler *c)
{
    int fine;
    char x;

    if (c->status != WEIR_OK || !skip(c)) {
        return 0;
    }
    c->token.from = c->at;
    c->token.to = c->at;
    if (ended(c)) {
        c->token.kind = TOKEN_END;
        return 1;
    }
    x = peek(c, 0);
    if (x == '\'' || x == '"' || x == '`') {
        fine = lex_text(c);
    } else if (is_digit(x) || (x == '.' && is_digit(peek(c, 1)))) {
        fine = lex_number(c);
    } else if (is_word(x)) {
        fine = lex_word(c);
    } else {
        fine = lex_operator(c);
    }
    c->token.to = c->at;
    return fine;
}
