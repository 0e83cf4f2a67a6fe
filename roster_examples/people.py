"""The people of the five rosters. All invented; any likeness to a living person is chance."""

from __future__ import annotations

Row = tuple[object, ...]

# Given name, Family name, Email address, ID number, Completed, Attendance
ONLINE_ACADEMY: tuple[Row, ...] = (
    ("Amina Wanjiru", "Otieno", "amina.otieno@ngara.example", "MTC-00412", "yes", 96),
    ("Lars", "Håkansson-Brandt", "lars.hb@norrvik.example", "MTC-00413", "yes", 88),
    ("Nguyễn Thị", "Phương Thảo", "thao.nguyen@songhong.example", "MTC-00417", "yes", 100),
    ("Małgorzata", "Wiśniewska-Źródlak", "m.wisniewska@zrodla.example", "MTC-00418", "yes", 92),
    ("Şebnem", "Yıldırım Çağlayan", "sebnem@caglayan.example", "MTC-00421", "yes", 84),
    ("Eyþór Æsir", "Guðmundsson", "eythor@fjallid.example", "MTC-00424", "yes", 80),
    ("Ọláyínká", "Adéṣọlá Ògúnbọ̀wálé", "olayinka.a@ibadanworks.example", "MTC-00425", "yes", 91),
    ("Maria do Céu", "dos Santos e Sousa", "mcsousa@lagoa.example", "MTC-00430", "yes", 94),
    ("Jean-François", "N’Guessan Koffi", "jf.koffi@lagune.example", "MTC-00431", "yes", 79.5),
    ("ليلى", "بنت عبد الرحمن الخالدي", "layla.khalidi@nakheel.example", "MTC-00433", "yes", 98),
    ("נעמה", "בן־דרור", "naama@bendror.example", "MTC-00436", "yes", 86),
    ("Александра", "Дмитриевна Берёзкина", "a.berezkina@volna.example", "MTC-00437", "yes", 90),
    ("Олексій", "Щербань", "o.shcherban@dniprobud.example", "MTC-00440", "no", 85),
    ("Ευγενία", "Παπαϊωάννου", "e.papaioannou@aigli.example", "MTC-00441", "yes", 93),
    ("प्रज्ञा", "श्रीवास्तव", "pragya.s@nirman.example", "MTC-00442", "yes", 97),
    ("তাহমিনা", "চৌধুরী", "tahmina@chowdhury.example", "MTC-00445", "yes", 82),
    ("செந்தமிழ்ச்செல்வி", "இராமநாதன்", "selvi.r@kaveri.example", "MTC-00447", "yes", 89),
    ("ณัฐพงษ์", "ศรีสุวรรณ", "nattapong@suwan.example", "MTC-00450", "yes", 100),
    ("ትዕግሥት", "ወልደ ማርያም", "tigist.wm@addisforge.example", "MTC-00451", "yes", 87),
    ("ნინო", "გოგიბერიძე", "nino.g@rioni.example", "MTC-00453", "yes", 95),
    ("Suharti", None, "suharti@kerjabaik.example", "MTC-00456", "yes", 83),
    ("SIOBHÁN", "Ó DÁLAIGH", "siobhan@odalaigh.example", "MTC-00458", "yes", 90),
    ("Christopher Alexander", "van den Broek-Fernández de la Vega", "c.vandenbroek@delta.example", "MTC-00461", "yes", 92),
    ("Bo", "Li", "bo.li@quayside.example", "MTC-00462", "no", 41),
)
