"""What no version of the content may lack: the entries' ids, the sentences that the code says, their places."""

ENTRY_IDS = frozenset(
    {
        *(f"measure-{number:02}" for number in range(1, 16)),
        *(
            f"term-{name}"
            for name in ("kyousei-ibasho", "sns", "nichijo-jiritsu", "anshin-service", "jukyo-kakuho", "bousai-sanpo")
        ),
        *(f"contact-{name}" for name in ("city", "shakyo", "nikoniko", "kouken", "minsei", "soudan")),
    }
)
"""A contract, stable for ever."""

NOT_KINDS = ("other-language", "no-voice", "disaster")
"""Lists of lines beside those of the kinds."""

EXAMPLE_ROUTES = frozenset({"emergency", "desk", "other"})

PLACEHOLDERS = frozenset(
    """
    actor checked_by day definition edition end hours instead kind link name next next_open number
    phone place plan promise sentence source span start state tel text time title until urgency why
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""What may stand in braces in a sentence."""

WORDING = frozenset(
    """
    actor-business actor-city actor-community actor-council actor-resident agree-offer answer-call-script
    answer-definition answer-old-edition answer-place-contact answer-place-measure answer-place-term answer-script-line
    answer-source answers-off ask-found-help bot-again busy came-edited came-file came-follow came-form came-image
    came-join came-location came-location-at came-press came-sticker came-thing came-video came-voice channel-line
    channel-web check-small-emergency choice-agree choice-ask-no-more choice-cancel choice-for-other choice-found-help
    choice-good choice-menu choice-more choice-no-help-yet choice-none choice-others choice-person choice-return
    choice-side choice-stop choice-wrong clarify clarify-again command-help command-human command-menu command-start
    command-stop desk-abuse-told desk-cancelled desk-carer desk-case desk-case-again desk-distress desk-duty
    desk-homeless-job desk-money desk-nobody desk-nothing-to-cancel desk-now-lines desk-off desk-person disaster
    duty-hours elsewhere-back elsewhere-code elsewhere-how elsewhere-lead elsewhere-number elsewhere-title
    emergency-accident emergency-address emergency-case emergency-child-neighbour emergency-crime emergency-fire
    emergency-harm emergency-illness emergency-missing emergency-next-line emergency-no-voice emergency-nobody
    emergency-now-danger emergency-on-call emergency-sea emergency-starving emergency-suicide emergency-suicide-close
    empty follow-action follow-actor-head follow-goal follow-hours follow-hours-line follow-hours-unknown follow-more
    follow-no-actions follow-no-others follow-others follow-phone follow-side follow-side-done for-other give-up
    group-goodbye judged-good judged-wrong kept-in-case kind-abuse-told kind-accident kind-carer kind-child-neighbour
    kind-crime kind-distress kind-fire kind-harm kind-homeless-job kind-illness kind-missing kind-money kind-person
    kind-sea kind-starving kind-suicide line-call-number line-chat line-check-confirmed line-check-hidden
    line-check-ship line-check-unconfirmed line-menu-bar line-notice line-now line-open line-sender menu next-open-at
    next-open-now next-open-unknown not-ours notice-at-desk notice-bound notice-by-link notice-claim notice-claimed
    notice-paired notice-several notice-subject notice-taken notice-waits notice-what notice-why-add notice-why-alarm
    notice-why-at-desk notice-why-by-link notice-why-cancel notice-why-claimed notice-why-for-other
    notice-why-hand-over notice-why-lapse notice-why-now-cancelled notice-why-now-claimed notice-why-now-closed
    notice-why-now-waiting notice-why-open notice-why-raise notice-why-release notice-why-reopen notice-why-taken
    notice-words open-always open-no open-no-unknown open-not-known open-send open-title open-wait open-wrong open-yes
    other-language other-language-case other-language-emergency page-bot page-case-open page-clear page-cleared
    page-cleared-title page-elsewhere page-error page-failed page-footer-danger page-label page-news page-news-look
    page-news-show page-open page-placeholder page-send page-skip page-source page-staff page-subtitle page-talk
    page-title page-wait page-you private-address private-address-label private-lead private-name private-name-label
    private-over private-over-title private-page private-send private-sent private-sent-title private-telephone
    private-telephone-label private-title private-words private-words-label restarted said-agree said-ask-no-more
    said-found-help soft-safety staff-closed staff-joined staff-left staff-reads staff-says sticker sticker-sad stopped
    tel-110 tel-119 today tomorrow too-long trouble unknown unreadable unreadable-case unreadable-file unreadable-image
    unreadable-in-danger unreadable-location unreadable-video unreadable-voice urgency-desk urgency-emergency welcome
    welcome-again welcome-hours welcome-limits welcome-privacy
    """.split()  # noqa: SIM905 -- a list of words is read as words
)
"""Sentences that the code says by name; a test holds it against the code."""
