"""A large roster of invented people: nine in ten in Latin letters, one in ten in another script, none in CJK.

The same number gives the same people. Given and family names are drawn within one tradition, so that
a name is one that somebody could have.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

LATIN = {
    "en": ("Alice Beatrice Callum Deborah Edmund Fiona Gareth Harriet Imogen Jasper Kathleen Lewis Miranda Nigel",
           "Ashdown Birkett Cawthorne Dunmore Eastlake Fairbairn Garside Hollins Ingleby Jessop Kirkbride Lorimer"),
    "es": ("Alejandra Bernardo Carmen Diego Esperanza Facundo Graciela Héctor Inés Joaquín Lucía Matías Noelia Óscar",
           "Aguirre Benítez Cárdenas Domínguez Escobar Figueroa Gutiérrez Huerta Ibáñez Jiménez Ledesma Muñoz Núñez"),
    "fr": ("Adèle Baptiste Céline Didier Émilie Fabrice Gaëlle Hervé Inès Joël Léa Maëlys Noémie Océane",
           "Aubertin Bérard Chevalier Delacroix Evrard Fournier Giraud Hébert Jacquemin Lefèvre Marchand Noël"),
    "pt": ("Anabela Bráulio Conceição Duarte Eunice Flávio Glória Hélder Inês João Leonor Márcio Natália Otávio",
           "Abrantes Brandão Coutinho Damasceno Esteves Falcão Gusmão Holanda Leitão Magalhães Nóbrega Paixão"),
    "de": ("Annegret Bernd Cäcilie Dörte Eberhard Friederike Götz Hannelore Jürgen Käthe Lutz Mechthild Rüdiger",
           "Altmann Böttcher Cordes Dünnwald Ehlers Fröhlich Großmann Hövelmann Jäger Köhler Löffler Müßig"),
    "pl": ("Agnieszka Bogusław Celina Dobrosława Elżbieta Filip Grażyna Henryk Iwona Jędrzej Łucja Mścisław Żaneta",
           "Bąkiewicz Ciesielski Dąbek Gajewski Jabłoński Kłosowski Łętowski Mączka Piątek Szymczak Wróbel Zięba"),
    "tr": ("Aylin Barış Çiğdem Deniz Emre Figen Gülşen Hakan Işık İlknur Kağan Leyla Oğuzhan Ümit",
           "Akgün Bozkurt Çelik Demirtaş Erdoğmuş Güneş Işıkçı Karabulut Özkan Şahinbaş Tanrıverdi Üçok"),
    "vi": ("Bảo|Ngọc Đức|Anh Hồng|Nhung Khánh|Linh Minh|Quân Mỹ|Duyên Phương|Uyên Quốc|Việt Thanh|Tùng Xuân|Hương",
           "Bùi Đinh Đỗ Hoàng Huỳnh Lương Lý Ngô Phạm Phan Trịnh Vũ"),
    "wa": ("Abiọ́dún Adwoa Awa Babajídé Chidinma Efua Ìfẹ́olúwa Kwaku Mariama Ngozi Oumar Ṣadé Yaw",
           "Adéyẹmí Agyeman Bâ Cissé Diallo Ezeigwe Fálétí Kamara Mensah Nwachukwu Ọládìípọ̀ Sarr Touré"),
    "ea": ("Achieng Baraka Chausiku Furaha Kamau Makena Mwajuma Neema Otieno Rehema Uwineza Wairimu Zawadi",
           "Barasa Chebet Gitau Kabiru Kiptoo Lukwago Mugisha Mwangi Njoroge Ochieng Rwigema Wekesa"),
    "id": ("Adinda Bagas Cahyani Dwi Endah Fajar Gita Hendra Indah Kartika Lestari Nirmala Putri Rangga Wulan",
           "Anggraini Budiarto Gunawan Hidayat Kusumawati Mahendra Nugroho Pratama Rahayu Santoso Wibowo"),
    "is": ("Ásdís Birkir Dagný Elín Friðrik Guðrún Hólmfríður Ísak Jóhanna Kári Lóa Ragnheiður Þórdís",
           "Arnarsdóttir Björnsson Einarsdóttir Gíslason Hallgrímsdóttir Jónasson Magnúsdóttir Ólafsson"),
}  # fmt: skip

OTHER = {
    "ar": ("أحمد أمينة بدر جميلة حسن خديجة رانيا زكريا سميرة طارق فاطمة كريم ليلى مريم يوسف",
           "البغدادي|الحداد|الخطيب|الدمشقي|السالمي|الطويل|العمراني|القاسمي|المصري|النجار|الهاشمي"),
    "he": ("אביגיל ברוך דפנה הדס זהבה חיים יעל ליאור מיכל נועם עדי רותם שירה תומר",
           "אלקיים ברקת גולן דהן הראל וייס זמיר חזן כרמי לביא מזרחי נחום עמית"),
    "ru": ("Анастасия Борис Валентина Григорий Дарья Евгений Жанна Зинаида Илья Ксения Лариса Максим Юлия",
           "Алексеенко Бондарь Воронцова Гриценко Дьячук Ермак Зайченко Лебедь Мельник Нестеренко Шевчук Яценко"),
    "el": ("Αθηνά Βασίλης Γεωργία Δημήτρης Ελένη Ζωή Ηλίας Θάλεια Ιωάννα Κώστας Λυδία Μυρτώ Σπύρος",
           "Αναγνώστου Βλάχος Γαλάνης Δημητρίου Ευσταθίου Ζαφειρίου Καρράς Λάμπρου Μανωλάκη Παππάς Ρούσσος"),
    "hi": ("अमित इंदिरा कविता गौरव दीपिका नेहा प्रकाश भावना मनोज राधिका विक्रम शालिनी सुधीर हेमंत",
           "अग्रवाल चतुर्वेदी जोशी त्रिपाठी द्विवेदी पाण्डेय भट्ट मिश्र यादव वर्मा शर्मा सिन्हा"),
    "bn": ("অনিরুদ্ধ কাকলি চন্দনা জয়ন্ত দেবাশিস নাসরিন প্রিয়াঙ্কা ফারজানা মৌসুমী রাশেদ শর্মিলা সুব্রত",
           "আহমেদ কর্মকার ঘোষ চক্রবর্তী দাস বিশ্বাস ভট্টাচার্য মজুমদার রহমান সেনগুপ্ত হোসেন"),
    "ta": ("அருண் கவிதா சரவணன் தமிழ்செல்வி நந்தினி பிரியா மணிகண்டன் யாழினி ராஜேஷ் விஜயலட்சுமி",
           "ஆறுமுகம் கந்தசாமி சுப்பையா தங்கவேல் நடராஜன் பழனிச்சாமி முருகேசன் வேலாயுதம்"),
    "th": ("กมลชนก จิราพร ชัยวัฒน์ ณัฐธิดา ธนกร นภา ปิยะ พรทิพย์ มานพ วรรณา สมชาย อรุณี",
           "แก้วมณี จันทร์แจ่ม ชูศรี ทองดี บุญเรือง พงษ์ไพบูลย์ รัตนชัย วงศ์สุวรรณ สายทอง"),
    "am": ("ሀና ለምለም መሠረት ሣራ ረድኤት ሰሎሞን ቤተልሔም ተስፋዬ ነጋሽ አበበ ከበደ ዳዊት ገነት",
           "ኃይሉ ለማ መኮንን ሰይፉ ተፈራ አስፋው ወርቁ ዘውዴ ደምሴ ገብሬ"),
    "ka": ("ანა ბექა გიორგი დავით ეკატერინე ვახტანგ თეონა ირაკლი ლელა მარიამ ნათია სალომე",
           "აბაშიძე ბერიძე გიგაური დვალი კობახიძე ლომიძე მაისურაძე ჩხეიძე წერეთელი"),
    "hy": ("Աննա Արմեն Գոհար Դավիթ Եվա Լուսինե Հասմիկ Մարիամ Նարեկ Սիրանուշ Տիգրան",
           "Աբրահամյան Գրիգորյան Դանիելյան Խաչատրյան Կարապետյան Մկրտչյան Սահակյան Վարդանյան"),
    "km": ("កញ្ញា ចាន់ថា ដារ៉ា ធារី បុប្ផា ពិសិដ្ឋ រតនា វណ្ណា សុវណ្ណ", "កែវ ឃឹម ចាន់ ទេព មាស លឹម ហេង"),
}  # fmt: skip

HEADER = ("Given name", "Family name", "Email address", "ID number", "Completed", "Attendance (%)")


def _names(words: str) -> list[str]:
    """Names by spaces; in a list that uses "|", that parts names or stands for the space within one."""
    if " " not in words:
        return words.split("|")
    return [word.replace("|", " ") for word in words.split()]


def people(count: int) -> Iterator[tuple[object, ...]]:
    """Rows under :data:`HEADER`. Nearly all complete with 80 per cent or more; about one in forty does not."""
    draw = random.Random(f"certgen {count}")
    latin = [(_names(g), _names(f)) for g, f in LATIN.values()]
    other = [(_names(g), _names(f)) for g, f in OTHER.values()]
    for number in range(1, count + 1):
        tradition = draw.choice(other) if number % 10 == 0 else draw.choice(latin)
        given, family = draw.choice(tradition[0]), draw.choice(tradition[1])
        shape = draw.random()
        if number % 10 and shape < 0.25:
            second = draw.choice(tradition[0])
            given = f"{given} {second}" if second != given else given
        elif number % 10 and shape < 0.35:
            second = draw.choice(tradition[1])
            family = f"{family}-{second}" if second != family else family
        fell_short = draw.random() < 0.025
        attendance = draw.randint(35, 79) if fell_short else draw.randint(80, 100)
        yield (
            unicodedata.normalize("NFC", given),
            unicodedata.normalize("NFC", family),
            f"p{number:06}@people.example",
            f"L-{number:06}",
            "yes",
            attendance,
        )
