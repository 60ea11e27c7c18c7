/*
 * Romanian names, cities, streets, telephone areas and mail domains: the lists of Faker's ro_RO
 * (its sources for names: ro.wikipedia.org, "Lista de prenume romanesti" and "Lista celor mai
 * uzuale nume de familie"). A name that stands twice there stands twice here, because it is drawn
 * twice as often. The county codes are those of the CNP.
 */
#include "generate/locale.h"

#define N(list) (sizeof(list) / sizeof *(list))

/* Women's, then men's. */
static const char *const first_names[] = {
    /* clang-format off */
    "Ada", "Adela", "Adelaida", "Adelina", "Adina", "Adriana", "Agata", "Aglaia", "Agripina",
    "Aida", "Alberta", "Albertina", "Alexandra", "Alexandrina", "Alice", "Alida", "Alina", "Alis",
    "Alma", "Amalia", "Amanda", "Amelia", "Ana", "Anabela", "Anaida", "Anamaria", "Anastasia",
    "Anca", "Ancuța", "Anda", "Andra", "Andrada", "Andreea", "Anemona", "Aneta", "Angela",
    "Anghelina", "Anica", "Anișoara", "Antoaneta", "Antonela", "Antonia", "Anuța", "Ariadna",
    "Ariana", "Arina", "Aristița", "Artemisa", "Astrid", "Atena", "Augustina", "Aura", "Aurelia",
    "Aureliana", "Aurica", "Aurora", "Axenia", "Beatrice", "Betina", "Bianca", "Blanduzia",
    "Bogdana", "Brândușa", "Camelia", "Carina", "Carla", "Carmen", "Carmina", "Carolina",
    "Casandra", "Casiana", "Caterina", "Catinca", "Catrina", "Catrinel", "Cătălina", "Cecilia",
    "Celia", "Cerasela", "Cezara", "Cipriana", "Clara", "Clarisa", "Claudia", "Clementina",
    "Cleopatra", "Codrina", "Codruța", "Constanța", "Constantina", "Consuela", "Coralia", "Corina",
    "Cornelia", "Cosmina", "Crenguța", "Crina", "Cristina", "Daciana", "Dafina", "Daiana", "Dalia",
    "Dana", "Daniela", "Daria", "Dariana", "Delia", "Demetra", "Denisa", "Despina", "Diana",
    "Dida", "Didina", "Dimitrina", "Dina", "Dochia", "Doina", "Domnica", "Dora", "Doriana",
    "Dorina", "Dorli", "Draga", "Dumitra", "Dumitrana", "Ecaterina", "Eftimia", "Elena",
    "Eleonora", "Eliana", "Elisabeta", "Elisaveta", "Eliza", "Elodia", "Elvira", "Emanuela",
    "Emilia", "Erica", "Estera", "Eufrosina", "Eugenia", "Eusebia", "Eva", "Evanghelina",
    "Evelina", "Fabia", "Fabiana", "Felicia", "Filofteia", "Fiona", "Flavia", "Floare", "Floarea",
    "Flora", "Florența", "Florentina", "Floriana", "Florica", "Florina", "Francesca", "Frusina",
    "Gabriela", "Geanina", "Gențiana", "Georgeta", "Georgia", "Georgiana", "Geta", "Gherghina",
    "Gianina", "Gina", "Giorgiana", "Grațiana", "Grațiela", "Henrieta", "Heracleea", "Hortensia",
    "Iasmina", "Ica", "Ileana", "Ilinca", "Ilona", "Ina", "Ioana", "Ioanina", "Iolanda", "Ionela",
    "Ionelia", "Iosefina", "Iridenta", "Irina", "Iris", "Isabela", "Iulia", "Iuliana", "Iustina",
    "Ivona", "Izabela", "Jana", "Janeta", "Janina", "Jasmina", "Jeana", "Julia", "Julieta",
    "Larisa", "Laura", "Laurenția", "Lavinia", "Lăcrămioara", "Leana", "Lelia", "Leontina",
    "Leopoldina", "Letiția", "Lia", "Liana", "Lidia", "Ligia", "Lili", "Liliana", "Lioara",
    "Livia", "Loredana", "Lorelei", "Lorena", "Luana", "Lucia", "Luciana", "Lucreția", "Ludmila",
    "Ludovica", "Luiza", "Luminița", "Magdalena", "Maia", "Malvina", "Manuela", "Mara", "Marcela",
    "Marcheta", "Marga", "Margareta", "Maria", "Mariana", "Maricica", "Marilena", "Marina",
    "Marinela", "Marioara", "Marta", "Matilda", "Mădălina", "Mălina", "Mărioara", "Măriuca",
    "Melania", "Melina", "Mihaela", "Milena", "Mina", "Minodora", "Mioara", "Mirabela", "Mirela",
    "Mirona", "Miruna", "Mona", "Monalisa", "Monica", "Nadia", "Narcisa", "Natalia", "Natașa",
    "Nicoleta", "Niculina", "Nidia", "Noemi", "Nora", "Norica", "Oana", "Octavia", "Octaviana",
    "Ofelia", "Olga", "Olimpia", "Olivia", "Ortansa", "Otilia", "Ozana", "Pamela", "Paraschiva",
    "Patricia", "Paula", "Paulica", "Paulina", "Petronela", "Petruța", "Pompilia", "Profira",
    "Rada", "Rafila", "Raluca", "Ramona", "Rebeca", "Renata", "Rica", "Roberta", "Robertina",
    "Rodica", "Romanița", "Romina", "Roxana", "Roxelana", "Roza", "Rozalia", "Ruxanda", "Ruxandra",
    "Sabina", "Sabrina", "Safta", "Salomea", "Sanda", "Saveta", "Savina", "Sânziana", "Semenica",
    "Severina", "Sidonia", "Silvana", "Silvia", "Silviana", "Simina", "Simona", "Smaranda",
    "Sofia", "Sonia", "Sorana", "Sorina", "Speranța", "Stana", "Stanca", "Stela", "Steliana",
    "Steluța", "Suzana", "Svetlana", "Ștefana", "Ștefania", "Tamara", "Tania", "Tatiana", "Teea",
    "Teodora", "Teodosia", "Teona", "Tiberia", "Timea", "Tinca", "Tincuța", "Tudora", "Tudorița",
    "Tudosia", "Valentina", "Valeria", "Vanesa", "Varvara", "Vasilica", "Venera", "Vera",
    "Veronica", "Veta", "Vicenția", "Victoria", "Violeta", "Viorela", "Viorica", "Virginia",
    "Viviana", "Vlădelina", "Voichița", "Xenia", "Zaharia", "Zamfira", "Zaraza", "Zenobia",
    "Zenovia", "Zina", "Zoe",
    /* Men's. */
    "Achim", "Adam", "Adelin", "Adi", "Adonis", "Adrian", "Agnos", "Albert", "Aleodor", "Alex",
    "Alexandru", "Alexe", "Alin", "Alistar", "Amedeu", "Amza", "Anatolie", "Andrei", "Andrian",
    "Angel", "Anghel", "Antim", "Anton", "Antonie", "Antoniu", "Arian", "Aristide", "Arsenie",
    "Augustin", "Aurel", "Aurelian", "Aurică", "Avram", "Axinte", "Barbu", "Bartolomeu", "Basarab",
    "Bănel", "Bebe", "Beniamin", "Benone", "Bernard", "Bogdan", "Brăduț", "Bucur", "Caius",
    "Camil", "Cantemir", "Carol", "Casian", "Cazimir", "Călin", "Cătălin", "Cedrin", "Cezar",
    "Ciprian", "Claudiu", "Codin", "Codrin", "Codruț", "Constantin", "Cornel", "Corneliu",
    "Corvin", "Cosmin", "Costache", "Costel", "Costin", "Crin", "Cristea", "Cristian", "Cristobal",
    "Cristofor", "Dacian", "Damian", "Dan", "Daniel", "Darius", "David", "Decebal", "Denis",
    "Dinu", "Dominic", "Dorel", "Dorian", "Dorin", "Dorinel", "Doru", "Dragoș", "Ducu", "Dumitru",
    "Edgar", "Edmond", "Eduard", "Eftimie", "Emanoil", "Emanuel", "Emanuil", "Emil", "Emilian",
    "Eremia", "Eric", "Ernest", "Eugen", "Eusebiu", "Eustațiu", "Fabian", "Felix", "Filip",
    "Fiodor", "Flaviu", "Florea", "Florentin", "Florian", "Florin", "Francisc", "Frederic", "Gabi",
    "Gabriel", "Gelu", "George", "Georgel", "Georgian", "Ghenadie", "Gheorghe", "Gheorghiță",
    "Ghiță", "Gică", "Gicu", "Giorgian", "Grațian", "Gregorian", "Grigore", "Haralamb",
    "Haralambie", "Horațiu", "Horea", "Horia", "Iacob", "Iancu", "Ianis", "Ieremia", "Ilarie",
    "Ilarion", "Ilie", "Inocențiu", "Ioan", "Ion", "Ionel", "Ionică", "Ionuț", "Iosif", "Irinel",
    "Iulian", "Iuliu", "Iurie", "Iustin", "Iustinian", "Ivan", "Jan", "Jean", "Jenel", "Ladislau",
    "Lascăr", "Laurențiu", "Laurian", "Lazăr", "Leonard", "Leontin", "Leordean", "Lică", "Liviu",
    "Lorin", "Luca", "Lucențiu", "Lucian", "Lucrețiu", "Ludovic", "Manole", "Marcel", "Marcu",
    "Marian", "Marin", "Marius", "Martin", "Matei", "Maxim", "Maximilian", "Mădălin", "Mihai",
    "Mihail", "Mihnea", "Mircea", "Miron", "Mitică", "Mitruț", "Mugur", "Mugurel", "Nae", "Narcis",
    "Nechifor", "Nelu", "Nichifor", "Nicoară", "Nicodim", "Nicolae", "Nicolaie", "Nicu",
    "Niculiță", "Nicușor", "Nicuță", "Norbert", "Norman", "Octav", "Octavian", "Octaviu",
    "Olimpian", "Olimpiu", "Oliviu", "Ovidiu", "Pamfil", "Panagachie", "Panait", "Paul", "Pavel",
    "Pătru", "Petre", "Petrică", "Petrișor", "Petru", "Petruț", "Pleșu", "Pompiliu", "Radu",
    "Rafael", "Rareș", "Raul", "Răducu", "Răzvan", "Relu", "Remus", "Robert", "Romeo", "Romulus",
    "Sabin", "Sandu", "Sandu", "Sava", "Sebastian", "Sergiu", "Sever", "Severin", "Silvian",
    "Silviu", "Simi", "Simion", "Sinică", "Sorin", "Stan", "Stancu", "Stelian", "Șerban", "Ștefan",
    "Teodor", "Teofil", "Teohari", "Theodor", "Tiberiu", "Timotei", "Titus", "Todor", "Toma",
    "Traian", "Tudor", "Valentin", "Valeriu", "Valter", "Vasile", "Vasilică", "Veniamin",
    "Vicențiu", "Victor", "Vincențiu", "Viorel", "Visarion", "Vlad", "Vladimir", "Vlaicu", "Voicu",
    "Zamfir", "Zeno",
    /* clang-format on */
};
#define N_FEMALE 389

static const char *const last_names[] = {
    /* clang-format off */
    "Aanei", "Ababei", "Albu", "Ardelean", "Barbu", "Cristea", "Diaconescu", "Diaconu", "Dima",
    "Dinu", "Dobre", "Dochioiu", "Dumitrescu", "Eftimie", "Ene", "Florea", "Georgescu",
    "Gheorghiu", "Ionescu", "Ioniță", "Manole", "Marin", "Mazilescu", "Mocanu", "Nemeș", "Nistor",
    "Nistor", "Niță", "Oprea", "Pop", "Popa", "Popescu", "Preda", "Pușcașu", "Stan", "Stancu",
    "Stoica", "Stănescu", "Suciu", "Tabacu", "Toma", "Tomescu", "Tudor", "Voinea",
    /* clang-format on */
};

static const struct locale_city cities[] = {
    /* clang-format off */
    {"Cluj-Napoca", 12}, {"Timisoara", 35}, {"Iasi", 22}, {"Constanta", 13}, {"Craiova", 16},
    {"Brasov", 8}, {"Galati", 17}, {"Ploiesti", 29}, {"Oradea", 5}, {"Braila", 9}, {"Arad", 2},
    {"Pitesti", 3}, {"Sibiu", 32}, {"Bacau", 4}, {"Targu Mures", 26}, {"Baia Mare", 24},
    {"Buzau", 10}, {"Botosani", 7}, {"Satu Mare", 30}, {"Suceava", 33}, {"Ramnicu Valcea", 38},
    {"Drobeta-Turnu Severin", 25}, {"Piatra-Neamt", 27}, {"Targoviste", 15}, {"Targu Jiu", 18},
    {"Focsani", 39}, {"Tulcea", 36}, {"Resita", 11}, {"Slatina", 28}, {"Bistrita", 6},
    {"Calarasi", 51}, {"Giurgiu", 52}, {"Deva", 20}, {"Hunedoara", 20}, {"Zalau", 31},
    {"Barlad", 37}, {"Alba Iulia", 1}, {"Sfantu Gheorghe", 14}, {"Roman", 27}, {"Vaslui", 37},
    {"Turda", 12}, {"Medias", 32}, {"Alexandria", 34}, {"Voluntari", 23},
    {"Pipera (Voluntari)", 23}, {"Slobozia", 21}, {"Lugoj", 35}, {"Medgidia", 13}, {"Onesti", 4},
    {"Miercurea-Ciuc", 19}, {"Petrosani", 20}, {"Tecuci", 17}, {"Mangalia", 13},
    {"Odorheiu Secuiesc", 19}, {"Ramnicu Sarat", 10}, {"Sighetu Marmatiei", 24}, {"Campina", 29},
    {"Navodari", 13}, {"Campulung", 3}, {"Caracal", 28}, {"Sacele", 8}, {"Fagaras", 8},
    {"Dej", 12}, {"Rosiori de Vede", 34}, {"Mioveni", 3}, {"Curtea de Arges", 3}, {"Husi", 37},
    {"Reghin", 26}, {"Sighisoara", 26}, {"Pantelimon", 23}, {"Pascani", 22}, {"Oltenita", 51},
    {"Turnu Magurele", 34}, {"Caransebes", 11}, {"Falticeni", 33}, {"Radauti", 33}, {"Lupeni", 20},
    {"Dorohoi", 7}, {"Vulcan", 20}, {"Campia Turzii", 12}, {"Zarnesti", 8}, {"Borsa", 24},
    {"Popesti-Leordeni", 23}, {"Codlea", 8}, {"Carei", 30}, {"Moinesti", 4}, {"Petrila", 20},
    {"Sebes", 1}, {"Tarnaveni", 26}, {"Floresti", 12}, {"Gherla", 12}, {"Fetesti-Gara", 21},
    {"Buftea", 23}, {"Cugir", 1}, {"Moreni", 15}, {"Gheorgheni", 19}, {"Comanesti", 4},
    {"Salonta", 5}, {"Cernavoda", 13}, {"Targu Secuiesc", 14}, {"Bailesti", 16},
    {"Campulung Moldovenesc", 33}, {"Aiud", 1}, {"Dragasani", 38},
    {"Valea Caselor (Dragasani)", 38}, {"Bals", 28}, {"Bocsa", 11}, {"Motru", 18}, {"Corabia", 28},
    {"Bragadiru", 23}, {"Urziceni", 21}, {"Rasnov", 8}, {"Rasnov Romacril", 8}, {"Buhusi", 4},
    {"Zimnicea", 34}, {"Marghita", 5}, {"Mizil", 29}, {"Cisnadie", 32}, {"Targu Neamt", 27},
    {"Calafat", 16}, {"Vatra Dornei", 33}, {"Adjud", 39}, {"Gaesti", 15}, {"Tandarei", 21},
    {"Gura Humorului", 33}, {"Chitila", 23}, {"Viseu de Sus", 24}, {"Otopeni", 23}, {"Ludus", 26},
    {"Brad", 20}, {"Dragu-Brad", 20}, {"Valu lui Traian", 13}, {"Cumpana", 13},
    {"Sannicolau Mare", 35}, {"Valenii de Munte", 29}, {"Jilava", 23}, {"Dabuleni", 16},
    {"Filiasi", 16}, {"Blaj", 1}, {"Ovidiu", 13}, {"Simleu Silvaniei", 31}, {"Matca", 17},
    {"Pecica", 2}, {"Rovinari", 18}, {"Videle", 34}, {"Baicoi", 29}, {"Pucioasa", 15},
    {"Jimbolia", 35}, {"Baia Sprie", 24}, {"Targu Frumos", 22}, {"Vicovu de Sus", 33},
    {"Orsova", 25}, {"Sinaia", 29}, {"Negresti-Oas", 30}, {"Beius", 5}, {"Santana", 2},
    {"Pechea", 17}, {"Simeria", 20}, {"Boldesti-Scaeni", 29}, {"Poienile de sub Munte", 24},
    {"Valea lui Mihai", 5}, {"Covasna", 14}, {"Targu Ocna", 4}, {"Toplita", 19}, {"Sovata", 26},
    {"Otelu Rosu", 11}, {"Oravita", 11}, {"Moisei", 24}, {"Harsova", 13}, {"Murfatlar", 13},
    {"Beclean", 6}, {"Poiana Mare", 16}, {"Huedin", 12}, {"Babadag", 36}, {"Marasesti", 39},
    {"Topoloveni", 3}, {"Sangeorgiu de Mures", 26}, {"Jibou", 31}, {"Sabaoani", 27}, {"Hateg", 20},
    {"Avrig", 32}, {"Darmanesti", 4}, {"Marginea", 33}, {"Moldova Veche", 11}, {"Ineu", 2},
    {"Bolintin-Vale", 52}, {"Mihail Kogalniceanu", 13}, {"Macin", 36}, {"Tomesti", 22},
    {"Nasaud", 6}, {"Uricani", 20}, {"Rosu", 23}, {"Calan", 20}, {"Borcea", 51}, {"Afumati", 23},
    {"Domnesti", 23}, {"Draganesti-Olt", 28}, {"Cristuru Secuiesc", 19}, {"1 Decembrie", 23},
    {"Lumina", 13}, {"Fetesti", 21}, {"Mogosoaia", 23}, {"Modelu", 51}, {"Dumbravita", 35},
    {"Seini", 24}, {"Alesd", 5}, {"Sangeorz-Bai", 6}, {"Curtici", 2}, {"Darabani", 7},
    {"Nadlac", 2}, {"Victoria", 8}, {"Amara", 21}, {"Branesti", 23}, {"Harlau", 22}, {"Lipova", 2},
    {"Techirghiol", 13}, {"Agnita", 32}, {"Sacueni", 5}, {"Titu", 15}, {"Siret", 33},
    {"Segarcea", 16}, {"Odobesti", 39}, {"Podu Iloaiei", 22}, {"Ocna Mures", 1}, {"Urlati", 29},
    {"Strehaia", 25}, {"Tasnad", 30}, {"Cajvana", 33}, {"Tuzla", 13}, {"Sadova", 16},
    {"Vlahita", 19}, {"Stei", 5}, {"Diosig", 5}, {"Cobadin", 13}, {"Gilau", 12},
    {"Vladimirescu", 2}, {"Dancu", 22}, {"Bumbesti-Jiu", 18}, {"Busteni", 29}, {"Peretu", 34},
    {"Cudalbi", 17}, {"Bosanci", 33}, {"Balotesti", 23}, {"Lunca Cetatuii", 22}, {"Dragalina", 51},
    {"Fieni", 15}, {"Chisineu-Cris", 2}, {"Balan", 19}, {"Sandominic", 19}, {"Strejnicu", 29},
    {"Baciu", 12}, {"Fundulea", 51}, {"Remetea", 19}, {"Fagetel (Remetea)", 19}, {"Ianca", 9},
    {"Roseti", 51}, {"Breaza de Sus", 29}, {"Cornetu", 23}, {"Insuratei", 9}, {"Apahida", 12},
    {"Berceni", 23}, {"Vicovu de Jos", 33}, {"Savinesti (Poiana Teiului)", 27}, {"Savinesti", 27},
    {"Teius", 1}, {"Barbulesti", 21}, {"Plosca", 34}, {"Toflea", 17}, {"Magurele", 23},
    {"Feldru", 6}, {"Anina", 11}, {"Negresti", 37}, {"Valea Mare (Negresti)", 37}, {"Peris", 23},
    {"Fundeni", 23}, {"Giroc", 35}, {"Baile Borsa", 24}, {"Oituz", 4}, {"Rucar", 3},
    {"Curcani", 51}, {"Babeni", 38}, {"Valea Mare (Babeni)", 38}, {"Rodna", 6}, {"Deta", 35},
    {"Ruscova", 24}, {"Intorsura Buzaului", 14}, {"Pancota", 2}, {"Glina", 23}, {"Talmaciu", 32},
    {"Copsa Mica", 32}, {"Motatei", 16}, {"Gugesti", 39}, {"Schela Cladovei", 25},
    {"Sancraiu de Mures", 26}, {"Iernut", 26}, {"Targu Lapus", 24}, {"Maieru", 6}, {"Prejmer", 8},
    {"Pogoanele", 10}, {"Dobroesti", 23}, {"Baraolt", 14}, {"Arbore", 33}, {"Homocea", 39},
    {"Corund", 19}, {"Tufesti", 9}, {"Giarmata", 35}, {"Baia", 33}, {"Dumbraveni", 32},
    {"Eforie Nord", 13}, {"Horodnic de Sus", 33}, {"Greci", 36}, {"Tudora", 7}, {"Straja", 33},
    {"Rasinari", 32}, {"Sebis", 2}, {"Raducaneni", 22}, {"Siria", 2}, {"Paunesti", 39},
    {"Saveni", 7}, {"Tunari", 23},
    /* clang-format on */
};

static const uint8_t counties[] = {
    /* clang-format off */
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 51, 52,
    /* clang-format on */
};

static const char *const streets[] = {
    "Strada", "Aleea", "Intrarea", "Bulevardul", "Soseaua", "Drumul",
};

/* Seven digits follow 021, which is Bucharest, and six all others. */
static const char *const phone_areas[] = {
    /* clang-format off */
    "021", "0231", "0232", "0233", "0234", "0235", "0236", "0237", "0238", "0239", "0240", "0241",
    "0242", "0243", "0244", "0245", "0246", "0247", "0248", "0249", "0250", "0251", "0252", "0253",
    "0254", "0255", "0256", "0257", "0258", "0259", "0260", "0261", "0262", "0263", "0264", "0265",
    "0266", "0267", "0268", "0269", "0786", "0760", "0761", "0762", "0763", "0764", "0765", "0766",
    "0767", "0785", "0768", "0769", "0784", "0770", "0772", "0771", "0749", "0750", "0751", "0752",
    "0753", "0754", "0755", "0756", "0757", "0758", "0759", "0748", "0747", "0746", "0740", "0741",
    "0742", "0743", "0744", "0745", "0711", "0727", "0725", "0724", "0726", "0723", "0722", "0721",
    "0720", "0728", "0729", "0730", "0739", "0738", "0737", "0736", "0735", "0734", "0733", "0732",
    "0731", "0780", "0788",
    /* clang-format on */
};

static const char *const mail_domains[] = {
    "email.ro", "gmail.com", "kappa.ro", "acasa.ro", "zzup.ro", "141.ro", "post.ro",
};

const struct locale locale_ro = {
    .name = "ro_RO",
    .first_names = first_names,
    .n_first_names = N(first_names),
    .n_female = N_FEMALE,
    .last_names = last_names,
    .n_last_names = N(last_names),
    .cities = cities,
    .n_cities = N(cities),
    .counties = counties,
    .n_counties = N(counties),
    .streets = streets,
    .n_streets = N(streets),
    .phone_areas = phone_areas,
    .n_phone_areas = N(phone_areas),
    .mail_domains = mail_domains,
    .n_mail_domains = N(mail_domains),
};
