"""The languages that a workspace can write in."""

# Those of PostgreSQL's text search, by the name that people know. `simple` knows no grammar, and so fits every language.
LANGUAGES = {
    "arabic": "Arabic", "armenian": "Armenian", "basque": "Basque", "catalan": "Catalan", "danish": "Danish",
    "dutch": "Dutch", "english": "English", "finnish": "Finnish", "french": "French", "german": "German", "greek": "Greek",
    "hindi": "Hindi", "hungarian": "Hungarian", "indonesian": "Indonesian", "irish": "Irish", "italian": "Italian",
    "lithuanian": "Lithuanian", "nepali": "Nepali", "norwegian": "Norwegian", "portuguese": "Portuguese",
    "romanian": "Romanian", "russian": "Russian", "serbian": "Serbian", "spanish": "Spanish", "swedish": "Swedish",
    "tamil": "Tamil", "turkish": "Turkish", "yiddish": "Yiddish", "simple": "Another language, or several",
}  # fmt: skip
CODES = {  # the same as ISO 639 and HTML name them; `simple` is of no language
    "arabic": "ar", "armenian": "hy", "basque": "eu", "catalan": "ca", "danish": "da", "dutch": "nl", "english": "en",
    "finnish": "fi", "french": "fr", "german": "de", "greek": "el", "hindi": "hi", "hungarian": "hu", "indonesian": "id",
    "irish": "ga", "italian": "it", "lithuanian": "lt", "nepali": "ne", "norwegian": "no", "portuguese": "pt",
    "romanian": "ro", "russian": "ru", "serbian": "sr", "spanish": "es", "swedish": "sv", "tamil": "ta", "turkish": "tr",
    "yiddish": "yi", "simple": "",
}  # fmt: skip
