int answer(void)
{
    return 42 /* the semicolon is missing */
}
